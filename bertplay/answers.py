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
        abstained: whether the model is less sure than its target accuracy takes.
        plausible: the classes of the text's prediction set; None where the model has no sets.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]
    rule: str = ""
    abstained: bool = False
    plausible: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {share:.3f}" for name, share in self.probabilities.items())
        by = f" by {self.rule}" if self.rule else ""
        abstained = ", abstained" if self.abstained else ""
        plausible = "" if self.plausible is None else f" {{{', '.join(self.plausible)}}}"
        return f"{self.label} {self.probability:.3f}{by}{abstained} ({shares}){plausible}"


def answers(classes: Sequence[str], decided: Decided) -> list[Answer]:
    """One answer for each row.

    Args:
        classes: C names.
        decided: of N rows.
    """
    unlikely = decided.unlikely.tolist()
    found = []
    for row, (label, shares) in enumerate(
        zip(decided.labels.tolist(), decided.probabilities.tolist(), strict=True)
    ):
        answer = Answer(
            classes[label],
            shares[label],
            dict(zip(classes, shares, strict=True)),
            decided.rule if unlikely[row] else "",
            decided.answered is not None and not decided.answered[row],
            decided.plausible(row, classes),
        )
        found.append(answer)
    return found


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
