"""Task weights from what validation shows after an epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from bertplay.losses.argument_checks import require, require_known
from bertplay.losses.task_weighting import bounded_weights

STRATEGIES = ("inverse_accuracy", "inverse_f1", "difficulty", "inverse_variance")

RECENT_EPOCHS = 5
"""Losses of so many epochs at most have a part in their variance."""

_SMALLEST_QUALITY = 0.01


def validation_weights(
    strategy: str,
    *,
    accuracies: Mapping[str, float],
    f1_scores: Mapping[str, float],
    num_classes: Mapping[str, int],
    losses: Mapping[str, Sequence[float]],
) -> dict[str, float]:
    """Weights of the tasks for the next epoch, with mean 1 and each from 0.1 to 10.

    In proportion to

    - "inverse_accuracy": `1 / accuracy`;
    - "inverse_f1": `1 / F1`;
    - "difficulty": `log2(C) (1 - F1)`, bits of a label times what is missing to perfection;
    - "inverse_variance": `1 / variance` of the last five epochs' losses; 1 each until there are
      two.

    Example:
        >>> validation_weights(
        ...     "inverse_f1",
        ...     accuracies={"easy": 0.9, "hard": 0.9},
        ...     f1_scores={"easy": 0.9, "hard": 0.3},
        ...     num_classes={"easy": 2, "hard": 2},
        ...     losses={"easy": [0.1], "hard": [0.9]},
        ... )
        {'easy': 0.5, 'hard': 1.5}

    Args:
        strategy: one of the above.
        accuracies: task to its accuracy, or another figure that is 1 at best; below 0.01 it counts
            as 0.01.
        f1_scores: task to its macro-F1, or another figure that is 1 at best; likewise.
        num_classes: task to its number of classes; 2 for a regression.
        losses: task to its mean training loss of each epoch so far.

    Raises:
        ValueError: the strategy is unknown, there is no task, or a mapping lacks one.

    Reference:
        For weights by performance: Guo et al., Dynamic Task Prioritization for Multitask Learning,
        ECCV 2018. For the variance: Groenendijk et al., Multi-Loss Weighting with Coefficient of
        Variations, WACV 2021, which argues from it in another way.
    """
    require_known("unknown strategy", strategy, STRATEGIES)
    for figures in (f1_scores, num_classes, losses):
        require(
            figures.keys() == accuracies.keys(),
            f"figures are of the tasks {', '.join(figures)}: expected {', '.join(accuracies)}",
        )
    if strategy == "inverse_accuracy":
        return bounded_weights({n: 1 / _quality(value) for n, value in accuracies.items()})
    if strategy == "inverse_f1":
        return bounded_weights({n: 1 / _quality(value) for n, value in f1_scores.items()})
    if strategy == "difficulty":
        bits = {name: math.log2(max(classes, 2)) for name, classes in num_classes.items()}
        return bounded_weights({n: bits[n] * (1 - _quality(v)) for n, v in f1_scores.items()})
    if min(len(known) for known in losses.values()) < 2:
        return bounded_weights(dict.fromkeys(losses, 1.0))
    variances = {n: float(np.var(known[-RECENT_EPOCHS:], ddof=1)) for n, known in losses.items()}
    # A loss that does not move at all would take the whole weight.
    floor = 1e-6 * max(variances.values()) or 1.0
    return bounded_weights({name: 1 / max(value, floor) for name, value in variances.items()})


def _quality(value: float) -> float:
    return min(max(value, _SMALLEST_QUALITY), 1.0)
