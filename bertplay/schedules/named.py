"""From the name of a schedule, and its options, to the schedule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bertplay.data.errors import InputError
from bertplay.schedules.arguments import schedule_arguments
from bertplay.schedules.decay import cosine_decay, linear_decay
from bertplay.schedules.one_cycle import one_cycle
from bertplay.schedules.plateau import PlateauSchedule
from bertplay.schedules.restarts import cosine_restarts
from bertplay.schedules.schedule import Curve, Schedule
from bertplay.schedules.step_decay import dropping_at, dropping_every
from bertplay.schedules.warmup import ramp, warmed_up, warmup_steps


def schedule_for(
    name: str,
    peak: float,
    *,
    total_steps: int,
    epochs: int,
    warmup: float = 0.1,
    arguments: Mapping[str, Any] = MappingProxyType({}),
) -> Schedule:
    """The learning rates of a training.

    Every schedule starts with `warmup`'s linear rise. What follows is counted from the end of the
    rise, except the epochs at which `step` drops the rate: these are epochs of the training.
    `one_cycle` brings its own rise, which takes `warmup` of the steps unless `pct_start` says
    otherwise.

    Args:
        name: of `SCHEDULE_ARGUMENTS`.
        peak: the highest rate.
        total_steps: optimizer steps of the whole training, at least 1.
        epochs: passes over the rows that these steps make, at least 1.
        warmup: the part of the steps in which the rate rises, in [0, 1).
        arguments: options of the schedule; `T_0`, `step_size` and `milestones` count epochs, which
            may be fractions. What is not given has its default.

    Raises:
        InputError: an option that the schedule does not have, or a value outside its range.
        ValueError: there is no step, or no epoch, or the warm-up is outside its range.
    """
    if total_steps < 1 or epochs < 1:
        raise ValueError(f"{total_steps} steps in {epochs} epochs: both must be at least 1")
    if not 0 <= warmup < 1:
        raise ValueError(f"warmup is {warmup}: it must be at least 0 and below 1")
    values = schedule_arguments(name, arguments)
    if values.get("min_lr", 0.0) > peak:
        raise InputError(
            f"schedule_args: min_lr is {values['min_lr']:g}: it must be at most the peak learning "
            f"rate, {peak:g}"
        )
    rising = warmup_steps(warmup, total_steps)
    falling = max(total_steps - rising, 1)
    epoch = total_steps / epochs  # in steps
    match name:
        case "constant":
            return Schedule(warmed_up(lambda step: peak, rising))
        case "linear":
            return Schedule(warmed_up(linear_decay(peak, falling, **values), rising))
        case "cosine":
            return Schedule(warmed_up(cosine_decay(peak, falling, **values), rising))
        case "cosine_restarts":
            curve = cosine_restarts(
                peak, values["T_0"] * epoch, multiplier=values["T_mult"], min_lr=values["min_lr"]
            )
            return Schedule(warmed_up(curve, rising))
        case "step":
            drops = _drops(peak, epoch, **values)
            return Schedule(lambda step: ramp(step, rising) * drops(step))
        case "one_cycle":
            if values["pct_start"] is None:
                values["pct_start"] = warmup
            return Schedule(one_cycle(peak, total_steps, **values))
        case "plateau":
            return PlateauSchedule(peak, rising, **values)
    raise ValueError(f"there is no schedule {name!r}")


def _drops(
    peak: float,
    epoch: float,
    *,
    step_size: float | None,
    milestones: list[float] | None,
    gamma: float,
) -> Curve:
    """The step schedule, by the step of the training; by default it drops after every epoch."""
    if milestones is not None:
        return dropping_at(peak, [milestone * epoch for milestone in milestones], gamma=gamma)
    return dropping_every(peak, (step_size or 1.0) * epoch, gamma=gamma)
