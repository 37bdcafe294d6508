"""The page of a table of predictions, whose model is not known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertplay import __version__
from bertplay.diagnostics.diagnosis import Diagnosis
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.metrics import majority_baseline
from bertplay.report.blocks import Page, Section
from bertplay.report.confidence import confidence_section
from bertplay.report.figures_of_column import confusion_table, per_class_table, tiles_of
from bertplay.report.findings import findings
from bertplay.report.hard_rows import hard_rows_section
from bertplay.report.ranking import ranking_section
from bertplay.report.slices import slices_section


def majority_of(rows: PredictedRows) -> dict[str, Any]:
    """The figures of always answering what is most frequent among the rows."""
    counts = {name: int((rows.labels == number).sum()) for number, name in enumerate(rows.classes)}
    return dict(majority_baseline(counts, rows.labels))


def predictions_page(found: Diagnosis, baseline: Mapping[str, Any], source: Path) -> Page:
    """What a table of predictions shows; drawn within `drawing_style`.

    Args:
        found: of the table's rows.
        baseline: of `majority_of`.
        source: the table's file.
    """
    rows, figures = found.rows, found.metrics.as_dict()
    tables = (
        per_class_table(figures),
        confusion_table(figures["confusion_matrix"], list(rows.classes)),
    )
    return Page(
        title=f"Predictions of {len(rows.classes)} classes",
        subtitle=f"{source.name} · {len(rows.labels):,} rows",
        lead=findings(figures, baseline, "rows"),
        tiles=tiles_of(figures, baseline),
        sections=(
            Section("classes", "Each class", tables),
            *ranking_section(found.ranking, "ranking"),
            confidence_section(found, "confidence"),
            hard_rows_section(rows, "wrong"),
            *slices_section(found, "slices"),
        ),
        footer=f"Written by bertplay {__version__} from {source}.",
    )
