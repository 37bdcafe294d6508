"""From the name of an optimizer to the rule by which it changes one parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mlx.optimizers as optim

from bertplay.optimizers.adafactor import Adafactor
from bertplay.optimizers.adam import Adam
from bertplay.optimizers.muon import Muon
from bertplay.optimizers.radam import RAdam

_RATE = 0.0  # is set at every step


def update_rule(name: str, arguments: Mapping[str, Any], *, weight_decay: float) -> optim.Optimizer:
    """The MLX optimizer of that name, whose learning rate is still to be set.

    Args:
        name: of `OPTIMIZER_ARGUMENTS`.
        arguments: all options that it has.
        weight_decay: of its parameters.
    """
    values = dict(arguments)
    if "beta1" in values:
        values["betas"] = (values.pop("beta1"), values.pop("beta2"))
    match name:
        case "adamw":
            values["betas"] = list(values["betas"])
            return optim.AdamW(_RATE, weight_decay=weight_decay, bias_correction=True, **values)
        case "adam":
            return Adam(_RATE, weight_decay=weight_decay, **values)
        case "sgd":
            return optim.SGD(_RATE, weight_decay=weight_decay, **values)
        case "radam":
            return RAdam(_RATE, weight_decay=weight_decay, **values)
        case "lion":
            return optim.Lion(_RATE, weight_decay=weight_decay, betas=list(values["betas"]))
        case "adafactor":
            return Adafactor(_RATE, weight_decay=weight_decay, **values)
        case "muon":
            return Muon(_RATE, weight_decay=weight_decay, **values)
    raise ValueError(f"there is no optimizer {name!r}")
