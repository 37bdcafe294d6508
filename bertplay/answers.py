"""What a classifier is asked about one text, and what it says, to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bertplay.data.cells import is_missing
from bertplay.data.errors import InputError
from bertplay.decisions.decided import Decided
from bertplay.text_rule import TextRule


@dataclass(frozen=True)
class Answer:
    """The class of a text.

    Attributes:
        label: the class.
        probability: of it.
        probabilities: of every class by its name, in the order of the classes; they sum to 1.
        rule: where the class is not the likeliest, what the decision rule that chose it is best
            at; else empty.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]
    rule: str = ""

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {share:.3f}" for name, share in self.probabilities.items())
        by = f" by {self.rule}" if self.rule else ""
        return f"{self.label} {self.probability:.3f}{by} ({shares})"


def answers(classes: Sequence[str], decided: Decided) -> list[Answer]:
    """One answer for each row.

    Args:
        classes: C names.
        decided: of N rows.
    """
    return [
        Answer(
            classes[label],
            row[label],
            dict(zip(classes, row, strict=True)),
            decided.rule if unlikely else "",
        )
        for label, row, unlikely in zip(
            decided.labels.tolist(),
            decided.probabilities.tolist(),
            decided.unlikely.tolist(),
            strict=True,
        )
    ]


def text_of(asked: Any, rule: TextRule) -> str:
    """A text as it is, a missing one (None, NaN) as an empty one, a row as its task's text.

    Args:
        asked: a text, or a mapping of columns to cells.
        rule: how a row becomes a text.

    Raises:
        InputError: a column is missing, or it is neither a text nor a row.
    """
    if isinstance(asked, Mapping):
        import pandas as pd

        return rule.texts_from(pd.DataFrame([dict(asked)]), "the row")[0]
    if is_missing(asked):
        return ""
    if not isinstance(asked, str):
        raise InputError(f"a text or a mapping of columns was expected, not {asked!r:.60}")
    return asked
