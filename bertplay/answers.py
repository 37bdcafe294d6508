"""What a classifier is asked about one text, and what it says, to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.data.cells import is_missing
from bertplay.data.errors import InputError
from bertplay.text_rule import TextRule


@dataclass(frozen=True)
class Answer:
    """The class of a text.

    Attributes:
        label: the likeliest class.
        probability: of it.
        probabilities: of every class by its name, in the order of the classes; they sum to 1.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {share:.3f}" for name, share in self.probabilities.items())
        return f"{self.label} {self.probability:.3f} ({shares})"


def answers(classes: Sequence[str], probabilities: NDArray[np.float64]) -> list[Answer]:
    """One answer for each row.

    Args:
        classes: C names.
        probabilities: `[N, C]`.
    """
    return [
        Answer(classes[best], row[best], dict(zip(classes, row, strict=True)))
        for best, row in zip(
            probabilities.argmax(axis=1).tolist(), probabilities.tolist(), strict=True
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
