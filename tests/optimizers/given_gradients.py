"""A model whose gradients are given, and the path on which an optimizer takes it."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from recorded_paths import ARRAYS, NAMES, STEPS

from bertplay.optimizers.arguments import optimizer_arguments
from bertplay.optimizers.grouped import GroupedOptimizer, ParameterGroup
from bertplay.optimizers.update_rule import update_rule


class Parameters(nn.Module):
    """`matrix` [3, 2], `wide` [2, 3] and `vector` [2], or some of them."""

    def __init__(self, names=NAMES, dtype=mx.float32):
        super().__init__()
        for name in names:
            setattr(self, name, mx.array(ARRAYS[f"start.{name}"]).astype(dtype))


def rule_of(name, weight_decay=0.0, **given):
    """The update rule of an optimizer; Muon's is the one for matrices."""
    arguments = optimizer_arguments(name, given)
    if name == "muon":
        for other in ("adamw_lr", "beta1", "beta2", "eps"):
            del arguments[other]
    return update_rule(name, arguments, weight_decay=weight_decay)


def gradients_of(model, step):
    return {name: mx.array(ARRAYS[f"gradients.{name}"][step]) for name in model.parameters()}


def rate_of(step):
    return mx.array(ARRAYS["rates"][step])


def path_of(rule, names=NAMES, steps=STEPS):
    """The parameters after each step, by name `[steps, ...]`."""
    model = Parameters(names)
    optimizer = GroupedOptimizer({name: ParameterGroup(rule) for name in names})
    optimizer.init(model.trainable_parameters())
    path = {name: [] for name in names}
    for step in range(steps):
        optimizer.update(model, gradients_of(model, step), rate_of(step))
        for name in names:
            path[name].append(np.array(model[name]))
    return {name: np.stack(values) for name, values in path.items()}
