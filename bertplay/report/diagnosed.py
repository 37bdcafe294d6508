"""Every figure of the rows of each label column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from bertplay.diagnostics.diagnosis import Diagnosis, TrainedLoss, diagnose_rows
from bertplay.diagnostics.numbers import NumberDiagnosis, NumberRows, diagnose_numbers
from bertplay.diagnostics.several_labels import (
    SeveralLabelDiagnosis,
    SeveralLabelRows,
    diagnose_several_labels,
)
from bertplay.metrics import majority_baseline
from bertplay.report.rows_of_tasks import Rows
from bertplay.report.run_files import RunFiles

AnyDiagnosis: TypeAlias = Diagnosis | SeveralLabelDiagnosis | NumberDiagnosis


def diagnosed(columns: Mapping[str, Rows], run: RunFiles | None = None) -> dict[str, AnyDiagnosis]:
    """Label column to the figures of its rows.

    Args:
        columns: label column to its rows; of a run with a single one its name is "".
        run: whose model made the predictions, and whose losses are looked at; None for none.
    """
    return {
        name: _of_column(rows, None if run is None else trained_loss(run, name))
        for name, rows in columns.items()
    }


def trained_loss(run: RunFiles, name: str) -> TrainedLoss:
    """The loss of a label column with one class a row, where the run's best epoch had taken it."""
    summary = run.summary
    of_column, counted = (
        (summary["tasks"][name], summary["tasks"][name]) if name else (summary, summary["data"])
    )
    progress = summary["best_epoch"] / run.config["epochs"]
    loss, counts = of_column["loss"], counted.get("class_counts", {})
    return TrainedLoss(loss["name"], loss["arguments"], counts, progress)


def baseline_of(found: AnyDiagnosis, class_counts: Mapping[str, int]) -> dict[str, Any]:
    """What always answering the most frequent class scores; nothing without one class a row.

    Args:
        found: of the rows.
        class_counts: class to its number of training rows.
    """
    if not isinstance(found, Diagnosis):
        return {}
    return dict(majority_baseline(class_counts, found.rows.labels))


def _of_column(rows: Rows, loss: TrainedLoss | None) -> AnyDiagnosis:
    if isinstance(rows, SeveralLabelRows):
        return diagnose_several_labels(rows)
    if isinstance(rows, NumberRows):
        return diagnose_numbers(rows)
    return diagnose_rows(rows, loss)
