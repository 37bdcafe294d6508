"""Rows that a run was not validated on, with what its model says of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertplay import __version__
from bertplay.checks.labels import label_errors
from bertplay.checks.predictions import prediction_checks
from bertplay.checks.thresholds import Thresholds
from bertplay.data.errors import InputError
from bertplay.diagnostics.diagnosis import Diagnosis
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.diagnosed import AnyDiagnosis, baseline_of, diagnosed
from bertplay.report.next_steps import next_steps
from bertplay.report.rows_of_tasks import Rows
from bertplay.report.rows_page import DiagnosedRows
from bertplay.report.run_files import RunFiles
from bertplay.report.run_page import run_title


def diagnosed_rows(
    run: RunFiles, columns: Mapping[str, Rows], *, which: str, source: str
) -> DiagnosedRows:
    """What a run's model does with rows that it was not validated on.

    Args:
        run: whose model made the predictions.
        columns: label column to its rows; of a run with a single one its name is "".
        which: what the rows are called, such as "test rows".
        source: where they are from.

    Raises:
        InputError: all rows of the single label column are of one class.
    """
    summary = run.summary
    found = diagnosed(columns, run)
    if "" in columns:
        require_two_classes(columns[""], source)
    counts = {
        name: summary["tasks"][name].get("class_counts", {})
        if name
        else summary["data"]["class_counts"]
        for name in columns
    }
    rows = max(len(of.ids) for of in columns.values())
    return DiagnosedRows(
        title=f"{run_title(summary)}: {which}",
        subtitle=f"{source} · {rows:,} rows · encoder {summary['backbone']}",
        columns=found,
        baselines={name: baseline_of(of, counts[name]) for name, of in found.items()},
        checks=[check for name, of in found.items() for check in _checks(name, of, counts[name])],
        which=which,
        steps=next_steps(found, str(run.folder)),
        footer=f"Written by bertplay {__version__} from {run.folder}.",
    )


def diagnosed_predictions(rows: PredictedRows, source: Path) -> DiagnosedRows:
    """What a table of predictions says, of whatever model.

    Args:
        rows: of the table.
        source: its file.

    Raises:
        InputError: all rows are of one class.
    """
    require_two_classes(rows, str(source))
    counts = {name: int((rows.labels == number).sum()) for number, name in enumerate(rows.classes)}
    found = diagnosed({"": rows})
    return DiagnosedRows(
        title=f"Predictions of {len(rows.classes)} classes",
        subtitle=f"{source.name} · {len(rows.labels):,} rows",
        columns=found,
        baselines={"": baseline_of(found[""], counts)},
        checks=_checks("", found[""], counts),
        which="rows",
        steps=next_steps(found, None),
        footer=f"Written by bertplay {__version__} from {source}.",
    )


def require_two_classes(rows: Rows, source: str) -> None:
    """Raise `InputError` where all rows are of one class."""
    if isinstance(rows, PredictedRows) and len(set(rows.labels.tolist())) < 2:
        raise InputError(
            f"{source}: all {len(rows.labels):,} rows are labelled "
            f"{rows.classes[rows.labels[0]]!r}, and nothing can be said of telling classes apart: "
            "diagnose rows of at least two classes"
        )


def _checks(
    name: str, found: AnyDiagnosis, class_counts: Mapping[str, int]
) -> list[Mapping[str, Any]]:
    """BP201 to BP203 and BP401."""
    if not isinstance(found, Diagnosis):
        return []
    rows, limits = found.rows, Thresholds()
    results = (
        *prediction_checks(found.metrics, class_counts, limits),
        label_errors(rows.probabilities, rows.labels, rows.classes, rows.ids, limits),
    )
    return [result.of_task(name).as_dict() for result in results]
