"""Which parameter of a model is trained by which rule, at which rate and with which decay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim

from bertplay.named_arrays import named_arrays
from bertplay.optimizers.arguments import OPTIMIZER_ARGUMENTS, optimizer_arguments
from bertplay.optimizers.grouped import GroupedOptimizer, ParameterGroup
from bertplay.optimizers.update_rule import update_rule

TASK_WEIGHT_RATE = 100.0
"""A learned task weight's learning rate by the model's: it is one number that must reach the
logarithm of its loss, a distance of about 1, in the few hundred steps of a fine-tuning."""

_LAYER = re.compile(r"encoder\.(?:encoder\.layer|transformer\.layer|layers)\.(\d+)\.")
# Relative positions, which all layers read, are among the stack's own arrays.
_BELOW_LAYERS = re.compile(r"encoder\.(embeddings\.|encoder\.(?!layer\.))")
_OUTPUT_LAYER = re.compile(r"head\.(heads\.[^.]+\.)?output\.")


def optimizer_for(
    model: nn.Module,
    name: str = "adamw",
    arguments: Mapping[str, Any] = MappingProxyType({}),
    *,
    lr: float,
    weight_decay: float,
    head_lr: float | None = None,
    layer_decay: float = 1.0,
) -> GroupedOptimizer:
    """The optimizer that trains a model; call its `init` with the parameters to train.

    Decay: vectors and numbers (biases, the norms' scales) have none, nor have learned task weights,
    `task_weights.*`.

    Rates, as multiples of the learning rate:

    - `head.*`: `head_lr / lr`, or 1;
    - layer k = 0 ... n - 1 of the encoder: `layer_decay^(n - k)`, and its embeddings
      `layer_decay^(n + 1)`: each has `layer_decay` times the rate of what lies above it, and above
      the last layer lie the pooler and the head, with 1 (Clark et al. 2020);
    - `task_weights.*`: `TASK_WEIGHT_RATE`;
    - what Muon leaves to AdamW: `adamw_lr / lr` in place of 1, times the encoder's factor. These
      are vectors, embeddings and the head's output layer: everything but the matrices of hidden
      layers.

    Args:
        model: its parameters get groups, those that are not trained yet as well.
        name: of `OPTIMIZER_ARGUMENTS`.
        arguments: options of that optimizer; what is not given has its default.
        lr: the peak learning rate, which `head_lr` and `adamw_lr` are compared with.
        weight_decay: of matrices. `adam` and `sgd` add it to the gradient, as an L2 penalty; the
            others take the part `rate * weight_decay` off the weights.
        head_lr: the head's peak rate; None for that of the model.
        layer_decay: in (0, 1]; 1 trains all layers alike.

    Raises:
        InputError: an option that the optimizer does not have, or a value outside its range.

    Reference:
        Clark et al., ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators,
        ICLR 2020 (the decay by layers).
    """
    values = optimizer_arguments(name, arguments)
    rest, of_rest, adamw_rate = name, values, 1.0
    if name == "muon":
        adamw_lr = values.pop("adamw_lr")
        adamw_rate = 1.0 if adamw_lr is None else adamw_lr / lr
        rest, of_rest = "adamw", {key: values.pop(key) for key in OPTIMIZER_ARGUMENTS["adamw"]}
    decayed = update_rule(name, values, weight_decay=weight_decay)
    decayed_rest = decayed
    if rest != name:
        decayed_rest = update_rule(rest, of_rest, weight_decay=weight_decay)
    plain = update_rule(rest, of_rest, weight_decay=0.0)

    parameters = named_arrays(model.parameters())
    embeddings = {
        f"{path}.weight" for path, part in model.named_modules() if isinstance(part, nn.Embedding)
    }
    layers = 1 + max((_layer(path) for path in parameters), default=-1)

    def group(path: str, parameter: mx.array) -> ParameterGroup:
        if path.startswith("task_weights."):
            return ParameterGroup(plain, TASK_WEIGHT_RATE * adamw_rate)
        hidden = parameter.ndim > 1 and path not in embeddings and not _OUTPUT_LAYER.match(path)
        rate = 1.0 if hidden else adamw_rate
        if head_lr is not None and path.startswith("head."):
            rate = head_lr / lr
        elif path.startswith("encoder."):
            rate *= layer_decay ** _depth(path, layers)
        rule: optim.Optimizer = plain
        if parameter.ndim > 1:
            rule = decayed if hidden else decayed_rest
        return ParameterGroup(rule, rate)

    return GroupedOptimizer({path: group(path, leaf) for path, leaf in parameters.items()})


def _layer(path: str) -> int:
    """The number of the encoder's layer that has this parameter; -1 where none has."""
    found = _LAYER.match(path)
    return -1 if found is None else int(found[1])


def _depth(path: str, layers: int) -> int:
    """How far below the head a parameter of the encoder lies."""
    if _BELOW_LAYERS.match(path):
        return layers + 1
    if path.startswith("encoder.final_norm."):
        return 1  # it belongs to the last layer
    layer = _layer(path)
    return 0 if layer < 0 else layers - layer
