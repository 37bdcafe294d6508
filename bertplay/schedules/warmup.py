"""A linear rise before any schedule."""

from __future__ import annotations

import math

from bertplay.schedules.schedule import Curve


def warmup_steps(warmup: float, total_steps: int) -> int:
    """The steps in which the rate rises, `w = ceil(warmup * total_steps)`."""
    return math.ceil(warmup * total_steps)


def ramp(step: int, rising: int) -> float:
    """The part of the rate that a step of the warm-up has, `min((t + 1) / w, 1)`.

    The first step already moves the weights (Goyal et al. 2017 start at a rate above 0 too).

    Args:
        step: t, from 0.
        rising: w, the steps of the warm-up; 0 for none.
    """
    return min((step + 1) / rising, 1.0) if rising else 1.0


def warmed_up(curve: Curve, rising: int) -> Curve:
    """Rise to the first rate of a curve, and then follow it.

    Args:
        curve: the rate by the number of steps since the warm-up.
        rising: w, the steps of the warm-up; 0 for none.
    """
    return lambda step: ramp(step, rising) * curve(max(step - rising, 0))
