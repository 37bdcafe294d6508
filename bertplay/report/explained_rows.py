"""Which words of chosen rows their predictions rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.blocks import Prose, Quote, Quotes, Section
from bertplay.report.highlighting import highlighted

if TYPE_CHECKING:
    from bertplay.classifier import Classifier
    from bertplay.multi_task.classifier import MultiTaskClassifier

_WHAT = (
    "Integrated gradients, from the text with all its words masked to the text itself: each word's "
    "part in the log odds of the class that was predicted. The parts of a text add up to what its "
    "words change together."
)


def explained_section(
    model: Classifier | MultiTaskClassifier,
    rows: PredictedRows,
    chosen: Sequence[int],
    *,
    anchor: str,
    task: str | None = None,
) -> Section:
    """Texts with their words coloured by their parts in the predictions.

    Args:
        model: that made the predictions.
        rows: of the table.
        chosen: which of them, as numbers.
        anchor: of the section.
        task: of a model of several tasks, which one.
    """
    from bertplay.attribution import explain

    predicted = [rows.classes[rows.predicted[row]] for row in chosen]
    found = explain(model, [rows.texts[row] for row in chosen], predicted, task=task)
    quotes = []
    for row, explanation in zip(chosen, found, strict=True):
        label = rows.classes[rows.labels[row]]
        right = label == explanation.target
        unread = "" if explanation.complete else f" The parts miss it by {explanation.error:+.2f}."
        quotes.append(
            Quote(
                f"Row {rows.ids[row]}: {'right' if right else 'wrong'}",
                (
                    ("predicted", explanation.target),
                    ("confidence", f"{rows.confidence[row]:.2f}"),
                    ("label", label),
                ),
                highlighted(explanation),
                f"Log odds of {explanation.target}: {explanation.start:+.2f} without the words, "
                f"{explanation.end:+.2f} with them.{unread}",
            )
        )
    return Section(
        anchor, "What predictions rest on", (Prose(_WHAT), Quotes(tuple(quotes), coloured=True))
    )
