"""The schedules by name, and the options of each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from bertplay.data.errors import InputError
from bertplay.named_arguments import (
    Argument,
    completed_arguments,
    count_from,
    number_above,
    number_from,
    one_of,
    share,
)


def _increasing(epochs: list[float]) -> bool:
    ends = [0.0, *epochs, math.inf]
    return all(first < second for first, second in itertools.pairwise(ends))


_MIN_LR = {"min_lr": number_from(0, 0.0)}

SCHEDULE_ARGUMENTS: Mapping[str, Mapping[str, Argument]] = {
    "linear": _MIN_LR,
    "cosine": _MIN_LR,
    "constant": {},
    "step": {
        "step_size": number_above(0, None),
        "milestones": Argument(None, list, _increasing, "increasing numbers of epochs above 0"),
        "gamma": share(0.1),
    },
    "cosine_restarts": {"T_0": number_above(0, 1.0), "T_mult": number_from(1, 1.0), **_MIN_LR},
    "one_cycle": {
        "pct_start": share(None),
        "anneal": one_of("cos", "linear"),
        "div_factor": number_from(1, 25.0),
        "final_div_factor": number_from(1, 1e4),
    },
    "plateau": {
        "factor": share(0.5),
        "patience": count_from(0, 1),
        "threshold": number_from(0, 1e-4),
        **_MIN_LR,
    },
}
"""Schedule to the options it has; `docs/optimisers.md` says what they do."""


def schedule_arguments(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All options of a schedule, those not given with their defaults.

    Raises:
        InputError: an option that the schedule does not have, a value outside its range, or two
            options that exclude each other.
    """
    values = completed_arguments("schedule_args", name, arguments, SCHEDULE_ARGUMENTS[name])
    if values.get("step_size") is not None and values.get("milestones") is not None:
        raise InputError("schedule_args: step_size and milestones exclude each other: give one")
    return values
