"""Intervals and tests of figures that come in pairs, one pair for each training or each row."""

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


def mean_interval(
    values: ArrayLike, confidence: float = CONFIDENCE, *, shared: float = 0.0
) -> Interval:
    """Student's interval of a mean: `m +- t_{n-1} s sqrt(1 / n + shared)`.

    s has n - 1 in its denominator.

    Args:
        values: `[n]`, independent draws, or those of trainings that share rows.
        confidence: of the interval, between 0 and 1.
        shared: held-out by training rows of each of several splits of one table, whose training
            rows overlap (Nadeau and Bengio's correction); 0 for independent draws.

    Raises:
        ValueError: there is no value.

    Reference:
        Nadeau, Bengio, Inference for the Generalization Error, 2003.
    """
    from scipy import stats

    x = _checked(values)
    if len(x) == 1:
        return Interval(float(x[0]), None, None)
    reach = float(stats.t.ppf((1 + confidence) / 2, len(x) - 1)) * _standard_error(x, shared)
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
    d = _checked_pairs(differences)
    if np.ptp(d) == 0:
        return 1.0 if d[0] == 0 else 2.0 / 2 ** len(d)
    return _t_p(d, shared=0.0)


def corrected_t_p(differences: ArrayLike, shared: float) -> float:
    """Two-sided p of the corrected resampled t test: `t = m / (s sqrt(1 / n + shared))`.

    Trainings on several splits of one table share rows, so that their differences vary less than
    those of different tables would; the paired test would find too much. Differences that are all
    the same number have a p of 1, as nothing is known of how they vary.

    Args:
        differences: `[n]`, one for each split, n at least 2.
        shared: held-out by training rows of a split, as of `mean_interval`.

    Raises:
        ValueError: there are fewer than two, or `shared` is not above 0.

    Reference:
        Nadeau, Bengio, Inference for the Generalization Error, 2003; for repeated
        cross-validation: Bouckaert, Frank, Evaluating the Replicability of Significance Tests for
        Comparing Learning Algorithms, 2004.
    """
    d = _checked_pairs(differences)
    if shared <= 0:
        raise ValueError(f"shared is {shared}: held-out by training rows are above 0")
    return 1.0 if np.ptp(d) == 0 else _t_p(d, shared)


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


def mcnemar_p(right: ArrayLike, other_right: ArrayLike) -> float:
    """Exact two-sided p of McNemar's test that two classifiers are right equally often.

    Of the rows that one of them has right and the other wrong, each has half: a binomial test.

    Args:
        right: `[N]` booleans, whether the first is right.
        other_right: `[N]`, whether the second is.

    Raises:
        ValueError: the shapes differ.

    Reference:
        McNemar, Note on the sampling error of the difference between correlated proportions or
        percentages, 1947; for classifiers: Dietterich, Approximate Statistical Tests for Comparing
        Supervised Classification Learning Algorithms, 1998.
    """
    from scipy import stats

    first, second = np.asarray(right, dtype=bool), np.asarray(other_right, dtype=bool)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"right has shape {first.shape} and other_right {second.shape}: [N] both")
    alone, other_alone = int((first & ~second).sum()), int((second & ~first).sum())
    if alone + other_alone == 0:
        return 1.0
    return float(stats.binomtest(alone, alone + other_alone, 0.5).pvalue)


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


def _checked_pairs(differences: ArrayLike) -> NDArray[np.float64]:
    d = _checked(differences)
    if len(d) < 2:
        raise ValueError("differences holds one pair: a test needs two at least")
    return d


def _t_p(d: NDArray[np.float64], shared: float) -> float:
    from scipy import stats

    return float(2 * stats.t.sf(abs(d.mean()) / _standard_error(d, shared), len(d) - 1))


def _standard_error(x: NDArray[np.float64], shared: float) -> float:
    # Exactly 0 for equal values, whose mean may be off in its last bit.
    return 0.0 if np.ptp(x) == 0 else float(x.std(ddof=1)) * math.sqrt(1 / len(x) + shared)
