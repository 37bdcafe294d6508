"""What was decided of rows."""

from __future__ import annotations

from collections.abc import Sequence
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
        answered: `[N]` whether the confidence suffices; None where every row is answered.
        sets: `[N, C]` whether each class is in a row's prediction set; None without sets.
    """

    probabilities: Probabilities
    labels: NDArray[np.int64]
    rule: str
    answered: NDArray[np.bool_] | None = None
    sets: NDArray[np.bool_] | None = None

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

    def plausible(self, row: int, classes: Sequence[str]) -> tuple[str, ...] | None:
        """The classes of a row's prediction set; None without sets."""
        if self.sets is None:
            return None
        return tuple(name for name, held in zip(classes, self.sets[row], strict=True) if held)

    def __len__(self) -> int:
        return len(self.labels)


def undecided(logits: NDArray[np.floating[Any]]) -> Decided:
    """The likeliest classes, and the network's own probabilities, of logits `[N, C]`."""
    probabilities = softmax(logits)
    return Decided(probabilities, probabilities.argmax(axis=1), LIKELIEST)
