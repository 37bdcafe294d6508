"""A text whose words are coloured by their parts in a prediction."""

from __future__ import annotations

from bertplay.attribution import Explanation
from bertplay.report.blocks import Span


def highlighted(explanation: Explanation) -> tuple[Span, ...]:
    """The text in spans; the strongest word of it has strength 1 or -1.

    What lies between words is kept as it stands, and so is what the model has not read.
    """
    strongest = max((abs(word.part) for word in explanation.words), default=0.0)
    spans, reached = [], 0
    for word in explanation.words:
        if word.start > reached:
            spans.append(Span(explanation.text[reached : word.start]))
        strength = word.part / strongest if strongest else 0.0
        spans.append(Span(explanation.text[word.start : word.end], strength, f"{word.part:+.2f}"))
        reached = word.end
    if reached < len(explanation.text):
        spans.append(Span(explanation.text[reached:]))
    return tuple(spans)
