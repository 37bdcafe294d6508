"""Every method's figures over the seeds, and its differences to one method, tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bertplay.comparison.figures import FIGURES, Figure
from bertplay.comparison.statistics import (
    Interval,
    holm,
    mean_interval,
    paired_t_p,
    sign_flip_p,
)

LEVEL = 0.05

TESTS = {"paired-t": paired_t_p, "sign-flip": sign_flip_p}

Scores = Mapping[str, Sequence[float]]
"""Key of a figure to its value of each seed."""


@dataclass(frozen=True)
class Difference:
    """A method's difference to the reference in one figure, seed by seed.

    Attributes:
        interval: of the mean difference, Student's, for this difference alone.
        p: of the test.
        adjusted_p: after Holm's correction over all methods and figures of the comparison.
    """

    interval: Interval
    p: float
    adjusted_p: float

    @property
    def found(self) -> bool:
        """Whether the adjusted p is below `LEVEL`."""
        return self.adjusted_p < LEVEL

    def better(self, figure: Figure) -> bool:
        """Whether a difference was found, to the good."""
        return self.found and (self.interval.mean > 0) == figure.higher

    def worse(self, figure: Figure) -> bool:
        """Whether a difference was found, to the bad."""
        return self.found and not self.better(figure)


def differences(
    scores: Mapping[str, Scores], reference: str, test: str = "paired-t"
) -> dict[str, dict[str, Difference]]:
    """The differences of every other method to the reference.

    Args:
        scores: method to its figures; the k-th value of each is that of the k-th seed.
        reference: the method that others are compared to.
        test: of `TESTS`.

    Returns:
        Method to key of the figure to difference.

    Raises:
        ValueError: there are fewer seeds than the test needs, or more than it can take.
    """
    pairs = {
        (name, figure.key): np.asarray(of[figure.key]) - np.asarray(scores[reference][figure.key])
        for name, of in scores.items()
        if name != reference
        for figure in FIGURES
    }
    p_values = [TESTS[test](pair) for pair in pairs.values()]
    found: dict[str, dict[str, Difference]] = {}
    # One family, as the sentences claim differences in any figure of any method.
    for (name, key), p, adjusted in zip(pairs, p_values, holm(p_values), strict=True):
        interval = mean_interval(pairs[name, key])
        found.setdefault(name, {})[key] = Difference(interval, p, adjusted)
    return found
