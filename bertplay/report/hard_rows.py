"""The rows a model gets most wrong, and the groups of rows where it is wrong most often."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bertplay.report.blocks import Block, Prose, Quote, Quotes, Section, Span, Table
from bertplay.report.predicted_rows import PredictedRows
from bertplay.report.wording import figure

_SHOWN = 8
_LONGEST = 400
_GROUPS = 4
_FEWEST_ROWS = 10


def hard_rows_section(rows: PredictedRows, anchor: str) -> Section:
    """Rows with the least probability of their label, with their texts; groups by length."""
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
    lengths = _by_length(rows)
    return Section(anchor, "Rows it gets wrong", (*blocks, *lengths))


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


def _by_length(rows: PredictedRows) -> tuple[Table, ...]:
    """Accuracy by the number of words, the worst group first; nothing where there are few rows."""
    words = np.array([len(text.split()) for text in rows.texts])
    shares = np.arange(1, _GROUPS + 1) / _GROUPS
    longest = np.unique(np.quantile(words, shares, method="inverted_cdf"))
    if len(longest) < 2 or len(words) < _GROUPS * _FEWEST_ROWS:
        return ()
    groups = np.searchsorted(longest, words, side="left")
    right = rows.predicted == rows.labels
    found: list[tuple[float, tuple[str, ...]]] = []
    for group in range(len(longest)):
        inside = groups == group
        accuracy = float(right[inside].mean())
        name = _range(words[inside])
        cells = name, figure(accuracy), f"{int((~right[inside]).sum()):,}", f"{inside.sum():,}"
        found.append((accuracy, cells))
    ordered = tuple(cells for _, cells in sorted(found, key=lambda one: one[0]))
    headings = ("words", "accuracy", "wrong", "rows")
    return (Table("By the length of the text, worst first", headings, ordered),)


def _range(words: npt.NDArray[np.int64]) -> str:
    low, high = int(words.min()), int(words.max())
    return str(low) if low == high else f"{low} to {high}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
