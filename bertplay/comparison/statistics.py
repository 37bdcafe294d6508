"""Intervals and tests of figures that come in pairs, one pair for each seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95

MOST_FLIPPED = 20
"""Differences that `sign_flip_p` enumerates: 2^20 sums."""


@dataclass(frozen=True)
class Interval:
    """A mean and where it may lie; the ends are None for a single value."""

    mean: float
    low: float | None
    high: float | None


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Student's interval of a mean: `m +- t_{n-1} s / sqrt(n)`, s with n - 1 in its denominator.

    Args:
        values: `[n]`, independent draws.
        confidence: of the interval, between 0 and 1.

    Raises:
        ValueError: there is no value.
    """
    from scipy import stats

    x = _checked(values)
    if len(x) == 1:
        return Interval(float(x[0]), None, None)
    reach = float(stats.t.ppf((1 + confidence) / 2, len(x) - 1)) * _standard_error(x)
    return Interval(float(x.mean()), float(x.mean()) - reach, float(x.mean()) + reach)


def paired_t_p(differences: ArrayLike) -> float:
    """Two-sided p of Student's paired test that the mean difference is 0.

    Differences that are all the same number have no spread to measure them by: their p is that of
    the sign-flip test, `2 / 2^n`, and 1 where all are 0.

    Args:
        differences: `[n]`, one for each pair, n at least 2.

    Raises:
        ValueError: there are fewer than two.
    """
    from scipy import stats

    d = _checked(differences)
    if len(d) < 2:
        raise ValueError("differences holds one pair: a test needs two at least")
    error = _standard_error(d)
    if error == 0:
        return 1.0 if d[0] == 0 else 2.0 / 2 ** len(d)
    return float(2 * stats.t.sf(abs(d.mean()) / error, len(d) - 1))


def sign_flip_p(differences: ArrayLike) -> float:
    """Exact two-sided p of the sign-flip test: the share of the 2^n signs with as large a sum.

    It assumes only that a difference could as well have had the other sign, and cannot be below
    `2 / 2^n`.

    Args:
        differences: `[n]`, one for each pair, n from 2 to `MOST_FLIPPED`.

    Raises:
        ValueError: there are fewer or more.

    Reference:
        Fisher, The Design of Experiments, 1935, section 21.
    """
    d = _checked(differences)
    if not 2 <= len(d) <= MOST_FLIPPED:
        raise ValueError(f"differences holds {len(d)}: expected from 2 to {MOST_FLIPPED}")
    sums = np.zeros(1)
    for difference in d:
        sums = np.concatenate((sums + difference, sums - difference))
    # Sums that are equal on paper differ in their last bits.
    rounding = 1e-9 * float(np.abs(d).sum())
    return float((np.abs(sums) >= abs(float(d.sum())) - rounding).mean())


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for being several: the k-th smallest of m times m - k + 1, never falling.

    Rejecting those below a level keeps the chance of any false rejection below that level, however
    the tests depend on each other.

    Reference:
        Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not x.size:
        raise ValueError(f"values has shape {x.shape}: expected [n], with n at least 1")
    return x


def _standard_error(x: NDArray[np.float64]) -> float:
    # Exactly 0 for equal values, whose mean may be off in its last bit.
    return 0.0 if np.ptp(x) == 0 else float(x.std(ddof=1)) / math.sqrt(len(x))
