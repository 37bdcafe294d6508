"""The rows that a model gets most wrong, and those whose labels are to be doubted."""

from __future__ import annotations

import numpy as np

from bertplay.checks.thresholds import Thresholds
from bertplay.diagnostics.confident_learning import ConfidentLearning, doubted_labels
from bertplay.diagnostics.diagnosis import Diagnosis
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.blocks import Block, Prose, Quote, Quotes, Section, Span, Table
from bertplay.report.figures_of_column import MOST_CLASSES
from bertplay.report.wording import percent

SHOWN = 8
"""Rows whose texts are shown."""

_LONGEST = 400


def hard_rows_section(found: Diagnosis, anchor: str) -> Section:
    """Rows with the least probability of their label, and the most suspicious labels."""
    rows = found.rows
    of_label = rows.probabilities[np.arange(len(rows.labels)), rows.labels]
    wrong = np.flatnonzero(rows.predicted != rows.labels)
    hardest = wrong[np.argsort(of_label[wrong], kind="stable")][:SHOWN]
    suspicious = found.labels.most_suspicious
    if not wrong.size and not suspicious.size:
        return Section(anchor, "Rows it gets wrong", (Prose("Every row is right."),))
    sure = Thresholds().label_confidence
    doubted = doubted_labels(rows.probabilities, rows.labels, sure).rows
    shown = set(hardest.tolist())
    others = [row for row in suspicious.tolist() if row not in shown][:SHOWN]
    blocks: list[Block] = []
    if wrong.size:
        blocks += [
            Prose("The rows whose label had the least probability, with their texts."),
            Quotes(tuple(_quote(rows, found.labels, row, doubted) for row in hardest.tolist())),
        ]
    blocks.append(Prose(_said(found.labels, int(doubted.sum()), sure)))
    if suspicious.size:
        blocks.append(_estimates(found))
    if others:
        blocks += [
            Prose("The most suspicious labels beside those above, with their texts."),
            Quotes(tuple(_quote(rows, found.labels, row, doubted) for row in others)),
        ]
    return Section(anchor, "Rows it gets wrong", tuple(blocks))


def cut(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"


def _quote(
    rows: PredictedRows, labels: ConfidentLearning, row: int, doubted: np.typing.NDArray[np.bool_]
) -> Quote:
    of_label = rows.probabilities[row, rows.labels[row]]
    note = ""
    if doubted[row]:
        note = "This label is doubted."
    elif labels.doubted[row]:
        note = f"It looks like {rows.classes[labels.suggested[row]]}, though the model is not sure."
    return Quote(
        f"Row {rows.ids[row]}",
        (
            ("label", f"{rows.classes[rows.labels[row]]} ({of_label:.2f})"),
            ("predicted", f"{rows.classes[rows.predicted[row]]} ({rows.confidence[row]:.2f})"),
        ),
        (Span(cut(rows.texts[row])),),
        note,
    )


def _said(labels: ConfidentLearning, sure_of: int, sure: float) -> str:
    count = int(labels.doubted.sum())
    if not count:
        return "No label is doubted: no row looks more like another class than rows of that do."
    clear = f"in {sure_of:,}" if sure_of else "in none"
    return (
        f"Confident learning doubts {count:,} of {len(labels.doubted):,} labels: their rows look "
        f"as much like another class as that class's own rows do on average; {clear} of them the "
        f"model is {sure:.0%} sure, calibrated. Where texts do not settle the answer, doubts are "
        "no errors: look before you correct."
    )


def _estimates(found: Diagnosis) -> Table:
    rows, labels = found.rows, found.labels
    counts = np.bincount(rows.labels, minlength=len(rows.classes))
    order = np.argsort(-labels.wrong_share, kind="stable")[:MOST_CLASSES]
    doubts = np.bincount(rows.labels[labels.doubted], minlength=len(rows.classes))
    return Table(
        "Labels in doubt by class, and the share that confident learning estimates to be wrong if "
        "texts do settle the answer",
        ("label", "doubted", "rows", "estimated wrong"),
        tuple(
            (
                rows.classes[number],
                f"{int(doubts[number]):,}",
                f"{int(counts[number]):,}",
                percent(float(labels.wrong_share[number])),
            )
            for number in sorted(order.tolist())
        ),
    )
