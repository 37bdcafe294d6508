"""Schedules that fall once, from the peak to the lowest rate at the end of the training."""

from __future__ import annotations

import math

from bertplay.schedules.schedule import Curve


def linear_decay(peak: float, steps: int, *, min_lr: float = 0.0) -> Curve:
    """`min_lr + (peak - min_lr)(1 - t / steps)`.

    Args:
        peak: the rate at step 0.
        steps: after which the rate is `min_lr`, at least 1.
        min_lr: the lowest rate.
    """

    def rate(step: int) -> float:
        return min_lr + (peak - min_lr) * (1 - min(step / steps, 1.0))

    return rate


def cosine_decay(peak: float, steps: float, *, min_lr: float = 0.0) -> Curve:
    """`min_lr + (peak - min_lr)(1 + cos(pi t / steps)) / 2` (Loshchilov & Hutter 2017).

    Args:
        peak: the rate at step 0.
        steps: after which the rate is `min_lr`, above 0.
        min_lr: the lowest rate.
    """

    def rate(step: float) -> float:
        return min_lr + (peak - min_lr) * (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2

    return rate
