"""Layers whose inner results are computed again in the backward pass instead of being kept."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten

from bertplay.encoders.dropout import draws_from


def recomputed(layer: nn.Module, states: mx.array, context: Any) -> mx.array:
    """`layer(states, context)`, of which only the arguments are kept for the backward pass.

    Known as gradient checkpointing (Chen et al. 2016): the memory of a layer's intermediate results
    for the time of a second forward pass. The layer's dropout is a function of one number that is
    drawn here, so that both passes drop the same elements.

    Args:
        layer: called as `layer(states, context)`.
        states: `[B, L, H]`.
        context: what all layers read besides, a tree of arrays such as an additive bias, or None.

    Reference:
        Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016.
    """
    parameters = layer.trainable_parameters()
    if not tree_flatten(parameters):
        # Nothing is passed back through what is not trained, nor through what lies below it.
        result: mx.array = layer(states, context)
        return result
    key = mx.stop_gradient(mx.random.randint(0, 2**31 - 1, [2], mx.uint32))

    def run(values: dict[str, mx.array], states: mx.array, context: Any) -> mx.array:
        # Not `parameters`: the layer may hold others when it is computed again.
        held = layer.trainable_parameters()
        layer.update(values)
        try:
            with draws_from(key):
                computed: mx.array = layer(states, context)
            return computed
        finally:
            layer.update(held)

    again: mx.array = mx.checkpoint(run)(parameters, states, context)
    return again
