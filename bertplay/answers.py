"""What a classifier says about one text, to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
