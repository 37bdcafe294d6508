"""How far a class's figures may be off by the chance of which rows were held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

DRAWS = 2000
COVERAGE = 0.95

Bounds: TypeAlias = "tuple[float, float] | None"
"""Lower and upper; None where they are not known."""


@dataclass(frozen=True)
class ClassIntervals:
    """Lower and upper bounds of a class's figures.

    None where too few draws define one, or all are alike: a class of which nothing was found, or
    everything, is not known more certainly than others.

    Attributes:
        precision: of the rows predicted to be of the class, the share that are.
        recall: of the rows of the class, the share that are found.
        f1: the harmonic mean of both.
    """

    precision: Bounds
    recall: Bounds
    f1: Bounds


def class_intervals(
    confusion: npt.ArrayLike, *, draws: int = DRAWS, seed: int = 0
) -> list[ClassIntervals]:
    """Percentile bootstrap intervals of each class's figures, at 95%.

    A table of N rows drawn with replacement has, of each class, so many rows that are found, that
    are missed, that are called so though they are not, and others: multinomial with the shares that
    were seen. So these are drawn, and not the rows.

    Args:
        confusion: `[C, C]` numbers of rows; a row of it is a true class, a column a predicted one.
        draws: how many tables.
        seed: of the draws.

    Reference:
        Efron, Tibshirani, An Introduction to the Bootstrap, 1993.
    """
    seen = np.asarray(confusion, dtype=np.int64)
    rows, random = int(seen.sum()), np.random.default_rng(seed)
    return [
        _intervals(
            int(hit), int(seen[c].sum() - hit), int(seen[:, c].sum() - hit), rows, draws, random
        )
        for c, hit in enumerate(np.diagonal(seen))
    ]


def answer_intervals(
    answers: npt.NDArray[np.bool_],
    targets: npt.NDArray[np.bool_],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[ClassIntervals]:
    """The same where a row may have any number of classes.

    Args:
        answers: `[N, C]`, whether a class was answered.
        targets: `[N, C]`, whether the row has it.
        draws: how many tables.
        seed: of the draws.
    """
    hits, missed = (answers & targets).sum(axis=0), (~answers & targets).sum(axis=0)
    false, random = (answers & ~targets).sum(axis=0), np.random.default_rng(seed)
    return [
        _intervals(int(hit), int(miss), int(wrong), len(targets), draws, random)
        for hit, miss, wrong in zip(hits, missed, false, strict=True)
    ]


def _intervals(
    hit: int, missed: int, false: int, rows: int, draws: int, random: np.random.Generator
) -> ClassIntervals:
    cells = np.array([hit, missed, false, rows - hit - missed - false])
    drawn = random.multinomial(rows, cells / rows, size=draws)
    hits, true, predicted = drawn[:, 0], drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2]
    return ClassIntervals(
        _bounds(hits, predicted), _bounds(hits, true), _bounds(2 * hits, predicted + true)
    )


def _bounds(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> Bounds:
    """Of the draws in which the whole is not empty; None where these are few, or all alike."""
    some = whole > 0
    if some.mean() < 0.5:
        return None
    tail = (1 - COVERAGE) / 2
    low, high = np.quantile(part[some] / whole[some], (tail, 1 - tail))
    return None if low == high else (float(low), float(high))
