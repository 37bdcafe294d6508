"""What a model with several heads says of one text, to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bertplay.answers import Answer
from bertplay.multi_task.task import LabelColumn


@dataclass(frozen=True)
class SetAnswer:
    """The classes of a text, of which it may have any number.

    Attributes:
        labels: the classes with a probability above 0.5, in the order of the classes.
        probabilities: of every class by its name, each by itself.
    """

    labels: tuple[str, ...]
    probabilities: Mapping[str, float]

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {share:.3f}" for name, share in self.probabilities.items())
        return f"{', '.join(self.labels) or 'none'} ({shares})"


TaskAnswers: TypeAlias = "dict[str, Answer | SetAnswer | float]"
"""Task to the class, the classes or the number of a text."""


def answer(shares: Any, column: LabelColumn) -> str | list[str] | float:
    """What a row's probabilities or number mean: a class, a list of classes, or the number."""
    if column.kind == "single_label":
        return column.classes[int(shares.argmax())]
    if column.kind == "multi_label":
        return [name for name, share in zip(column.classes, shares, strict=True) if share > 0.5]
    return float(shares)


def task_answer(output: Any, column: LabelColumn) -> Answer | SetAnswer | float:
    """What the head of a task says of a text.

    Args:
        output: `[C]` probabilities, or the number of a regression.
        column: the task.
    """
    given = answer(output, column)
    if isinstance(given, float):
        return given
    shares = dict(zip(column.classes, output.tolist(), strict=True))
    if isinstance(given, list):
        return SetAnswer(tuple(given), shares)
    return Answer(given, shares[given], shares)
