"""What was decided of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.calibrations import Probabilities
from bertplay.decisions.rules import LIKELIEST
from bertplay.prediction import softmax


@dataclass(frozen=True, eq=False)
class Decided:
    """What was decided of N rows.

    Attributes:
        probabilities: `[N, C]`, rows that sum to 1.
        labels: `[N]` positions of the classes that they were given.
        rule: what decided them: "likeliest", or what the rule is best at.
    """

    probabilities: Probabilities
    labels: NDArray[np.int64]
    rule: str

    @property
    def confidence(self) -> NDArray[np.float64]:
        """`[N]` the probability of the class that was given."""
        confidence: NDArray[np.float64] = self.probabilities[np.arange(len(self)), self.labels]
        return confidence

    @property
    def unlikely(self) -> NDArray[np.bool_]:
        """`[N]` whether the class that was given is not the likeliest."""
        unlikely: NDArray[np.bool_] = self.confidence < self.probabilities.max(axis=1, initial=0)
        return unlikely

    def __len__(self) -> int:
        return len(self.labels)


def undecided(logits: NDArray[np.floating[Any]]) -> Decided:
    """The likeliest classes, and the network's own probabilities, of logits `[N, C]`."""
    probabilities = softmax(logits)
    return Decided(probabilities, probabilities.argmax(axis=1), LIKELIEST)
