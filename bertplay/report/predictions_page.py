"""The page of a table of predictions, whose model is not known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertplay import __version__
from bertplay.metrics import evaluate, majority_baseline
from bertplay.report.blocks import Page, Section
from bertplay.report.confidence import confidence_section
from bertplay.report.figures_of_column import confusion_table, per_class_table, tiles_of
from bertplay.report.findings import findings
from bertplay.report.hard_rows import hard_rows_section
from bertplay.report.predicted_rows import PredictedRows
from bertplay.report.ranking import ranking_section
from bertplay.report.slices import slices_section


def figures_of_rows(rows: PredictedRows) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of rows, and those of always answering what is most frequent among them."""
    counts = {name: int((rows.labels == number).sum()) for number, name in enumerate(rows.classes)}
    figures = evaluate(rows.probabilities, rows.labels, rows.classes).as_dict()
    return figures, dict(majority_baseline(counts, rows.labels))


def predictions_page(
    rows: PredictedRows, figures: Mapping[str, Any], baseline: Mapping[str, Any], source: Path
) -> Page:
    """What a table of predictions shows; drawn within `drawing_style`.

    Args:
        rows: of the table.
        figures: of `figures_of_rows`.
        baseline: likewise.
        source: the table's file.
    """
    several = len(set(rows.labels.tolist())) > 1
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
            *((ranking_section(rows, "ranking"),) if several else ()),
            confidence_section(rows, "confidence"),
            hard_rows_section(rows, "wrong"),
            *slices_section(rows, "slices"),
        ),
        footer=f"Written by bertplay {__version__} from {source}.",
    )
