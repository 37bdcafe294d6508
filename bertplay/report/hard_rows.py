"""The rows that a model gets most wrong, and those whose labels are to be doubted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bertplay.report.blocks import Block, Prose, Quote, Quotes, Section, Span
from bertplay.report.predicted_rows import PredictedRows

_SHOWN = 8
_LONGEST = 400


def hard_rows_section(rows: PredictedRows, anchor: str) -> Section:
    """Rows with the least probability of their label, with their texts."""
    of_label = rows.probabilities[np.arange(len(rows.labels)), rows.labels]
    wrong = np.flatnonzero(rows.predicted != rows.labels)
    hardest = wrong[np.argsort(of_label[wrong], kind="stable")][:_SHOWN]
    doubted = int(suspicious_rows(rows).sum())
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
        )
        for row in hardest.tolist()
    )
    blocks: list[Block] = [
        Prose(
            "The rows whose label had the least probability: hard ones, and those with a wrong "
            f"label. Wrong labels are found soonest among the {doubted:,} rows that are as likely "
            "of another class as the rows of that class are on average (confident learning)."
        ),
        Quotes(quotes),
    ]
    if not quotes:
        blocks = [Prose("Every row is right.")]
    return Section(anchor, "Rows it gets wrong", tuple(blocks))


def suspicious_rows(rows: PredictedRows) -> npt.NDArray[np.bool_]:
    """`[N]` rows that are as sure of another class as rows labelled with that are on average.

    Reference:
        Northcutt, Jiang, Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels,
        JAIR 2021.
    """
    p, labels = rows.probabilities, rows.labels
    own = np.array(
        [p[labels == c, c].mean() if (labels == c).any() else np.inf for c in range(p.shape[1])]
    )
    confident = np.where(p >= own, p, -1.0)
    likely: npt.NDArray[np.bool_] = (confident.max(axis=1) >= 0) & (
        confident.argmax(axis=1) != labels
    )
    return likely


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
