"""What a model says of its validation rows before and after its weights were quantized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertplay.classifier import Classifier
from bertplay.decisions.decided import Decided
from bertplay.decisions.rules import LIKELIEST
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.metrics import Metrics, evaluate
from bertplay.multi_task.classifier import MultiTaskClassifier
from bertplay.report.finished_run import validation_rows
from bertplay.report.run_files import read_run_files

Rows = Mapping[str, PredictedRows]
"""Label column to its validation rows; the column of a run with a single one is ""."""


@dataclass(frozen=True)
class ChangedFigures:
    """What quantizing changed for one label column, on the run's validation rows.

    Attributes:
        rows: their number.
        before: figures of the run's model.
        after: figures of the quantized model.
        changed: share of the rows that are given another class now.
    """

    rows: int
    before: Metrics
    after: Metrics
    changed: float

    def as_dict(self) -> dict[str, Any]:
        """Ready for `json.dumps`."""
        return {
            "rows": self.rows,
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "changed": self.changed,
        }


def rows_of_run(run: Path) -> Rows:
    """The validation rows of a run, of the columns whose rows have one class each.

    Raises:
        InputError: it is no finished run, or its tables are missing or have changed.
    """
    return validation_rows(read_run_files(run))


def decided_rows(model: Classifier | MultiTaskClassifier, rows: Rows) -> dict[str, Decided]:
    """Label column to what a model decides of its rows."""
    if isinstance(model, Classifier):
        return {name: model.decide(of_column.texts) for name, of_column in rows.items()}
    shares = {name: model.predict_outputs(of.texts)[name] for name, of in rows.items()}
    return {name: Decided(p, p.argmax(axis=1), LIKELIEST) for name, p in shares.items()}


def changed_figures(
    rows: Rows,
    before: Mapping[str, Decided],
    after: Mapping[str, Decided],
) -> dict[str, ChangedFigures]:
    """Label column to what was changed.

    Args:
        rows: of the columns.
        before: of the model.
        after: of the quantized model.
    """
    return {
        name: ChangedFigures(
            rows=len(of_column.texts),
            before=_metrics(of_column, before[name]),
            after=_metrics(of_column, after[name]),
            changed=float((before[name].labels != after[name].labels).mean()),
        )
        for name, of_column in rows.items()
    }


def _metrics(rows: PredictedRows, decided: Decided) -> Metrics:
    return evaluate(decided.probabilities, rows.labels, rows.classes, decided.labels)
