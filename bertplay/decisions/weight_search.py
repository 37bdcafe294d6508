"""The weights of classes at which `argmax_c w_c p_c` is best at something, searched exactly.

With all weights but one given, a row changes its class once as that weight rises: at `w_c = max_j
w_j p_j / p_c` over the others. Between two such points nothing changes, so that one sort of the
rows gives every result that the weight can have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.calibrations import Probabilities

MOST_ROUNDS = 25
# A gain that only rounding makes is none.
_ROUNDING = 1e-12

Scores = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What happens as the weight of one class rises from 0: the rows come to it one by one.

    Attributes:
        target: the class.
        labels: `[N]` true classes, in the order in which the rows come.
        others: `[N]` the classes that they have before.
        points: `[N]` weights at which they come, ascending; infinite where they never do.
        classes: C.
    """

    target: int
    labels: NDArray[np.int64]
    others: NDArray[np.int64]
    points: NDArray[np.float64]
    classes: int

    @property
    def possible(self) -> NDArray[np.bool_]:
        """`[N + 1]` whether a weight exists with which exactly the first k rows have come."""
        before = np.concatenate([[0.0], self.points])
        after = np.concatenate([self.points, [np.inf]])
        return before < after

    def weight(self, count: int, current: float) -> float:
        """A weight with which the first rows have come: the current one, or the middle.

        Args:
            count: k, of the rows.
            current: the weight so far.
        """
        low = self.points[count - 1] if count else 0.0
        high = self.points[count] if count < len(self.points) else np.inf
        if low < current < high:
            return current
        if low == 0:
            return float(high / 2)
        return float(low * 2 if np.isinf(high) else np.sqrt(low) * np.sqrt(high))


def swept(
    probabilities: Probabilities, labels: NDArray[np.int64], weights: NDArray[np.float64], c: int
) -> Sweep:
    """The sweep of a class's weight, the others being given."""
    scores = probabilities * weights
    scores[:, c] = -1.0
    others = scores.argmax(axis=1)
    with np.errstate(divide="ignore"):
        points = scores[np.arange(len(scores)), others] / probabilities[:, c]
    order = np.argsort(points, kind="stable")
    return Sweep(c, labels[order], others[order], points[order], probabilities.shape[1])


def macro_f1(sweep: Sweep) -> Scores:
    """`[N + 1]` macro-F1, as `bertplay.metrics` has it, after the first k rows have come."""
    support = np.bincount(sweep.labels, minlength=sweep.classes)
    came = np.arange(len(sweep.labels) + 1)
    hits = np.concatenate([[0], np.cumsum(sweep.labels == sweep.target)])
    own = support[sweep.target] + came
    total = 2 * hits / np.maximum(own, 1)
    occurring = (own > 0).astype(np.int64)
    # The rows of each class that they leave, in the order in which they leave it.
    by_class = np.argsort(sweep.others, kind="stable")
    others = sweep.others[by_class]
    sizes = np.bincount(others, minlength=sweep.classes)
    starts = np.cumsum(sizes) - sizes
    right = (sweep.labels[by_class] == others).astype(np.int64)
    all_right = np.bincount(others, right, minlength=sweep.classes).astype(np.int64)
    right_before = np.cumsum(right) - right
    kept = all_right[others] - (right_before - np.append(right_before, 0)[starts[others]])
    counts = support[others] + sizes[others] - (np.arange(len(others)) - starts[others])
    f1_steps, occurring_steps = np.zeros(len(came)), np.zeros(len(came), dtype=np.int64)
    f1_steps[by_class + 1] = 2 * (kept - right) / np.maximum(counts - 1, 1) - 2 * kept / counts
    occurring_steps[by_class + 1] = -(counts == 1).astype(np.int64)
    others_before = np.delete(support + sizes, sweep.target)
    f1_steps[0] = (2 * np.delete(all_right, sweep.target) / np.maximum(others_before, 1)).sum()
    occurring_steps[0] = np.count_nonzero(others_before)
    means: Scores = (total + np.cumsum(f1_steps)) / (occurring + np.cumsum(occurring_steps))
    return means


def balanced_accuracy(sweep: Sweep) -> Scores:
    """`[N + 1]` mean recall of the classes that have rows after the first k rows have come."""
    support = np.bincount(sweep.labels, minlength=sweep.classes)
    share = 1 / np.maximum(support, 1)[sweep.labels]
    gained = share * (sweep.labels == sweep.target)
    lost = share * (sweep.labels == sweep.others)
    start = lost.sum()
    total = start + np.concatenate([[0], np.cumsum(gained - lost)])
    means: Scores = total / np.count_nonzero(support)
    return means


def recall_weights(
    probabilities: Probabilities, labels: NDArray[np.int64], c: int, precision: float
) -> NDArray[np.float64] | None:
    """The weights, all but one equal, that find most rows of a class with a precision.

    Args:
        probabilities: `[N, C]`.
        labels: `[N]`, from 0 to C - 1.
        c: the class whose weight is sought.
        precision: share of the rows given the class that must be right.

    Returns:
        `[C]`, which sum to 1; of those that find as many rows, the most precise. None where no
        weight finds a row with that precision.
    """
    weights = np.ones(probabilities.shape[1])
    sweep = swept(probabilities, labels, weights, c)
    came = np.arange(len(labels) + 1)
    hits = np.concatenate([[0], np.cumsum(sweep.labels == c)])
    allowed = sweep.possible & (hits >= precision * came - _ROUNDING)
    found = np.where(allowed, hits, 0)
    count = int(found.argmax())
    if not found[count]:
        return None
    weights[c] = sweep.weight(count, weights[c])
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def best_weights(
    probabilities: Probabilities,
    labels: NDArray[np.int64],
    score: Callable[[Sweep], Scores],
) -> NDArray[np.float64]:
    """The weights with the best score, `[C]`, which sum to 1.

    One weight after the other is set to its best value, given the others, until none gains; from
    equal weights, and from those that make up for the classes' shares. With two classes that is
    the best there is; with more, a maximum that no change of a single weight improves. Where
    several are as good, it is the one nearest to where the search was.

    Args:
        probabilities: `[N, C]`.
        labels: `[N]`, from 0 to C - 1.
        score: of every result that a weight can have; larger is better.
    """
    support = np.bincount(labels, minlength=probabilities.shape[1])
    by_share = np.where(support, len(labels) / np.maximum(support, 1), 1.0)
    starts = (np.ones(len(support)), by_share)
    found = [_climbed(probabilities, labels, score, start) for start in starts]
    weights, _ = max(found, key=lambda one: one[1])
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def _climbed(
    probabilities: Probabilities,
    labels: NDArray[np.int64],
    score: Callable[[Sweep], Scores],
    start: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    weights, best = start.astype(np.float64), -np.inf
    # With two classes, the ratio is all that there is.
    turns = [1] if len(start) == 2 else list(range(len(start)))
    for _ in range(MOST_ROUNDS):
        before = best
        for c in turns:
            sweep = swept(probabilities, labels, weights, c)
            count, value = _nearest_best(score(sweep), sweep, weights[c])
            if value > best + _ROUNDING:
                best = value
                weights[c] = sweep.weight(count, weights[c])
        if best <= before + _ROUNDING:
            break
    return weights, best


def _nearest_best(scores: Scores, sweep: Sweep, current: float) -> tuple[int, float]:
    """How many rows come where the score is best, as near as possible to where the weight is."""
    scores = np.where(sweep.possible, scores, -np.inf)
    value = float(scores.max())
    equal = np.flatnonzero(scores >= value - _ROUNDING)
    here = int(np.searchsorted(sweep.points, current, side="left"))
    return int(equal[np.abs(equal - here).argmin()]), value
