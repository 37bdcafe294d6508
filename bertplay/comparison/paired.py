"""Every method's differences to one method, tested, and corrected for being many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.comparison.figures import FIGURES, Figure
from bertplay.comparison.statistics import (
    MOST_FLIPPED,
    Interval,
    corrected_t_p,
    holm,
    mean_interval,
    paired_t_p,
    sign_flip_p,
)
from bertplay.data.errors import InputError

LEVEL = 0.05

CORRECTED_T = "corrected-t"

TESTS: dict[str, Callable[[NDArray[np.float64], float], float]] = {
    "paired-t": lambda pairs, _: paired_t_p(pairs),
    "sign-flip": lambda pairs, _: sign_flip_p(pairs),
    CORRECTED_T: corrected_t_p,
}
"""Of differences `[n]`, and of held-out by training rows where trainings share rows."""

Scores = Mapping[str, Sequence[float]]
"""Key of a figure to its value of each training."""


def require_fitting_test(test: str, trainings: int, *, folds: bool, fixed_split: bool) -> None:
    """Check that a test may be used.

    Args:
        test: of `TESTS`.
        trainings: of each method.
        folds: they are those of a cross-validation.
        fixed_split: all have the same training rows.

    Raises:
        InputError: it assumes what is not so.
    """
    if folds and test != CORRECTED_T:
        raise InputError(
            f"--test {test} takes trainings for independent, and folds share training rows: leave "
            f"it out, for {CORRECTED_T}"
        )
    if fixed_split and test == CORRECTED_T:
        raise InputError(
            f"--test {CORRECTED_T} is for splits that differ, and all trainings have the same "
            "training rows here: leave it out"
        )
    if test == "sign-flip" and trainings > MOST_FLIPPED:
        raise InputError(
            f"--seeds {trainings}: sign-flip takes {MOST_FLIPPED} at most; leave out --test"
        )


@dataclass(frozen=True)
class Difference:
    """A method's difference to the reference in one figure.

    Attributes:
        interval: of the mean difference, for this difference alone.
        p: of the test.
        adjusted_p: after Holm's correction within the family of the figure.
    """

    interval: Interval
    p: float
    adjusted_p: float

    @property
    def found(self) -> bool:
        """Whether the adjusted p is below `LEVEL` and the interval leaves out 0.

        Both, as the test and the interval may assume different things.
        """
        low, high = self.interval.low, self.interval.high
        apart = low is not None and high is not None and (low > 0 or high < 0)
        return apart and self.adjusted_p < LEVEL

    def better(self, figure: Figure) -> bool:
        """Whether a difference was found, to the good."""
        return self.found and (self.interval.mean > 0) == figure.higher

    def worse(self, figure: Figure) -> bool:
        """Whether a difference was found, to the bad."""
        return self.found and not self.better(figure)

    def as_dict(self) -> dict[str, Any]:
        """As compare.json has it."""
        return {**asdict(self.interval), "p": self.p, "adjusted_p": self.adjusted_p}


Differences = Mapping[str, Mapping[str, Difference]]
"""Method to key of the figure to difference."""


def stored_difference(values: Mapping[str, Any]) -> Difference:
    """What `Difference.as_dict` gave."""
    interval = Interval(values["mean"], values["low"], values["high"])
    return Difference(interval, values["p"], values["adjusted_p"])


def differences(
    scores: Mapping[str, Scores], reference: str, test: str = "paired-t", shared: float = 0.0
) -> dict[str, dict[str, Difference]]:
    """The differences of every other method to the reference.

    Args:
        scores: method to its figures; the k-th value of each is that of the k-th training.
        reference: the method that others are compared to.
        test: of `TESTS`.
        shared: held-out by training rows, for the test that needs it.

    Raises:
        ValueError: there are fewer trainings than the test needs, or more than it can take.
    """
    pairs = {
        (name, figure.key): np.asarray(of[figure.key]) - np.asarray(scores[reference][figure.key])
        for name, of in scores.items()
        if name != reference
        for figure in FIGURES
    }
    correction = shared if test == CORRECTED_T else 0.0
    intervals = {place: mean_interval(pair, shared=correction) for place, pair in pairs.items()}
    return corrected(intervals, {place: TESTS[test](pair, shared) for place, pair in pairs.items()})


def corrected(
    intervals: Mapping[tuple[str, str], Interval], p_values: Mapping[tuple[str, str], float]
) -> dict[str, dict[str, Difference]]:
    """Differences whose p is corrected by Holm's method, in two families.

    The primary figures of all methods are one family, declared before any result is seen, and all
    other figures of all methods are another one.

    Args:
        intervals: (method, key of the figure) to the interval of the difference.
        p_values: the same to the p of its test.
    """
    adjusted: dict[tuple[str, str], float] = {}
    for primary in (True, False):
        keys = {figure.key for figure in FIGURES if figure.primary is primary}
        family = [place for place in p_values if place[1] in keys]
        adjusted.update(zip(family, holm([p_values[place] for place in family]), strict=True))
    found: dict[str, dict[str, Difference]] = {}
    for (name, key), interval in intervals.items():
        difference = Difference(interval, p_values[name, key], adjusted[name, key])
        found.setdefault(name, {})[key] = difference
    return found
