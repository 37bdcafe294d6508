"""A rate that drops at chosen epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bertplay.schedules.schedule import Curve

_ROUNDING = 1e-9  # three times 1/3 of an epoch is one


def dropping_every(peak: float, step_size: float, *, gamma: float) -> Curve:
    """`peak gamma^floor(t / step_size)`.

    Args:
        peak: the rate at step 0.
        step_size: steps between two drops, above 0.
        gamma: factor of each drop.
    """
    return lambda step: peak * gamma ** math.floor(step / step_size + _ROUNDING)


def dropping_at(peak: float, milestones: Sequence[float], *, gamma: float) -> Curve:
    """`peak gamma^k`, where k milestones lie at or before step t.

    Args:
        peak: the rate at step 0.
        milestones: steps.
        gamma: factor of each drop.
    """
    return lambda step: (
        peak * gamma ** sum(milestone <= step + _ROUNDING for milestone in milestones)
    )
