"""Cosine annealing with warm restarts."""

from __future__ import annotations

import math

from bertplay.schedules.schedule import Curve

_ROUNDING = 1e-9  # a cycle of 1/3 of an epoch ends with every third of it


def cosine_restarts(
    peak: float, first_cycle: float, *, multiplier: float = 1.0, min_lr: float = 0.0
) -> Curve:
    """Fall along a cosine, jump back to the peak and fall again (Loshchilov & Hutter 2017).

    `min_lr + (peak - min_lr)(1 + cos(pi t / T)) / 2` with t the steps since the last jump and T the
    length of the cycle.

    Args:
        peak: the rate after each jump.
        first_cycle: T of the first cycle, in steps, above 0.
        multiplier: each cycle's length by that of the one before, at least 1.
        min_lr: the rate at the end of each cycle.
    """

    def rate(step: int) -> float:
        since, length = float(step), first_cycle
        if multiplier == 1:
            since = max(since - length * math.floor(since / length + _ROUNDING), 0.0)
        while since >= length * (1 - _ROUNDING):
            since, length = max(since - length, 0.0), length * multiplier
        return min_lr + (peak - min_lr) * (1 + math.cos(math.pi * since / length)) / 2

    return rate
