"""Checks of heads: BP303, one answer whatever is read, and BP304, a task that starves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bertplay.checks.result import CheckResult, fired, not_applicable, passed
from bertplay.checks.thresholds import Thresholds

_LEARNS, _STARVES = 0.05, 0.01  # parts of a task's first loss that are gone


def dead_head(
    predictions: NDArray[np.float64], spread: float, thresholds: Thresholds
) -> CheckResult:
    """BP303: the predictions hardly vary over the rows.

    Args:
        predictions: `[N, C]` probabilities, or `[N]` numbers.
        spread: what a deviation is measured by: 1 for probabilities, the labels' deviation for
            numbers.
        thresholds: `head_variation` is the part of `spread` that the largest deviation of a column
            must exceed.
    """
    if len(predictions) < 2:
        return not_applicable("BP303", "there are fewer than two validation rows")
    if spread <= 0:
        return not_applicable("BP303", "the validation labels are all the same")
    deviation = float(np.std(predictions, axis=0).max()) / spread
    if deviation > thresholds.head_variation:
        return passed("BP303")
    return fired(
        "BP303",
        "The head is dead: it gives every validation row the same answer, whatever it reads "
        f"(predictions differ by {deviation:.1g}). Try a lower --lr or --head-lr, or another "
        "--pooling.",
    )


def starving_task(
    losses: Sequence[Mapping[str, float]], weights: Mapping[str, float], thresholds: Thresholds
) -> CheckResult:
    """BP304: one task has nearly all of the loss and learns, and another one does not learn.

    Args:
        losses: one mapping an epoch, task to its mean training loss without its weight.
        weights: task to what its loss counts.
        thresholds: `starving_share` is the share of the weighted loss that the one must have.
    """
    if len(weights) < 2:
        return not_applicable("BP304", "there is one task")
    if len(losses) < 2:
        return not_applicable("BP304", "it compares epochs, and there is one")
    first, now = losses[0], losses[-1]
    weighted = {name: weights[name] * abs(now[name]) for name in weights if name in now}
    total = sum(weighted.values())
    if total <= 0:
        return passed("BP304")
    large = max(weighted, key=lambda name: weighted[name])
    gone = {name: (first[name] - now[name]) / first[name] for name in weighted if first[name] > 0}
    starving = [name for name in gone if name != large and gone[name] < _STARVES]
    share = weighted[large] / total
    if share < thresholds.starving_share or gone.get(large, 0.0) < _LEARNS or not starving:
        return passed("BP304")
    return fired(
        "BP304",
        f"Task {large!r} has {share:.0%} of the loss, and {', '.join(map(repr, starving))} "
        "learned nothing so far: give each a larger --task-weight, or weigh the tasks with "
        "--task-weighting uncertainty or gradients.",
        about=", ".join(starving),
    )
