"""The optimizers by name, and the options of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.data.errors import InputError
from bertplay.named_arguments import (
    Argument,
    completed_arguments,
    count_from,
    flag,
    number_above,
    one_of,
    share,
)


def _averages(beta1: float, beta2: float) -> dict[str, Argument]:
    return {"beta1": share(beta1), "beta2": share(beta2)}


_ADAM = {**_averages(0.9, 0.999), "eps": number_above(0, 1e-8)}

OPTIMIZER_ARGUMENTS: Mapping[str, Mapping[str, Argument]] = {
    "adamw": _ADAM,
    "adam": _ADAM,
    "sgd": {"momentum": share(0.9), "nesterov": flag(False)},
    "radam": _ADAM,
    "lion": _averages(0.9, 0.99),
    "adafactor": {
        "decay_exponent": number_above(0, 0.8),
        "clip_threshold": number_above(0, 1.0),
        "scale_parameter": flag(False),
        "eps2": number_above(0, 1e-3),
    },
    "muon": {
        "momentum": share(0.95),
        "nesterov": flag(True),
        "ns_steps": count_from(1, 5),
        "adjust": one_of("match_rms_adamw", "original"),
        "adamw_lr": number_above(0, None),
        **_ADAM,
    },
}
"""Optimizer to the options it has; `docs/optimisers.md` says what they do."""


def optimizer_arguments(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All options of an optimizer, those not given with their defaults.

    Raises:
        InputError: an option that the optimizer does not have, a value outside its range, or
            Nesterov's step without momentum.
    """
    values = completed_arguments("optimizer_args", name, arguments, OPTIMIZER_ARGUMENTS[name])
    if values.get("nesterov") and values["momentum"] == 0:
        raise InputError("optimizer_args: nesterov needs a momentum above 0")
    return values
