"""The rows that a model gets most wrong, and those whose labels are to be doubted."""

from __future__ import annotations

import numpy as np

from bertplay.checks.thresholds import Thresholds
from bertplay.diagnostics.confident_learning import doubted_labels
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.blocks import Block, Prose, Quote, Quotes, Section, Span

_SHOWN = 8
_LONGEST = 400


def hard_rows_section(rows: PredictedRows, anchor: str) -> Section:
    """Rows with the least probability of their label, with their texts."""
    of_label = rows.probabilities[np.arange(len(rows.labels)), rows.labels]
    wrong = np.flatnonzero(rows.predicted != rows.labels)
    hardest = wrong[np.argsort(of_label[wrong], kind="stable")][:_SHOWN]
    sure = Thresholds().label_confidence
    doubted = doubted_labels(rows.probabilities, rows.labels, sure).rows
    quotes = tuple(
        Quote(
            f"Row {rows.ids[row]}",
            (
                ("label", f"{rows.classes[rows.labels[row]]} ({of_label[row]:.2f})"),
                (
                    "predicted",
                    f"{rows.classes[rows.predicted[row]]} ({rows.confidence[row]:.2f})",
                ),
            ),
            (Span(_cut(rows.texts[row])),),
            "This label is doubted." if doubted[row] else "",
        )
        for row in hardest.tolist()
    )
    said = (
        f"The labels of {int(doubted.sum()):,} rows are doubted, as the model is {sure:.0%} sure "
        "of another class, calibrated, and as sure as of that class's own rows on average "
        "(confident learning)."
        if doubted.any()
        else "No label is doubted: the model is never sure enough of another class."
    )
    blocks: list[Block] = [
        Prose(f"The rows whose label had the least probability, with their texts. {said}"),
        Quotes(quotes),
    ]
    if not quotes:
        blocks = [Prose("Every row is right.")]
    return Section(anchor, "Rows it gets wrong", tuple(blocks))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
