"""`ClassificationHeadV2` as ONNX nodes: token states and their mask to logits."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from bertplay.export.head_settings import HeadSettings
from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_layers import Arrays, activation, along, layer_norm, linear

# As in the head's own pooling: the lowest finite float32.
_LOWEST = -3.4028234663852886e38
_PREFIX = "head."


def head_logits(
    graph: OnnxGraph, settings: HeadSettings, arrays: Arrays, states: str, kept: str
) -> str:
    """The logits `[B, C]` of a head without dropout.

    Args:
        graph: to add to.
        settings: of the head.
        arrays: of the head, by their names there.
        states: `[B, L, H]`.
        kept: `[B, L]` bool, true where there is a token.
    """

    def normed(x: str, name: str) -> str:
        if not settings.norm or (settings.norm == "last" and name != "norm"):
            return x
        return layer_norm(graph, x, arrays, name, eps=settings.norm_eps, prefix=_PREFIX)

    x = _pooled(graph, settings, arrays, states, kept)
    for number, (inputs, outputs) in enumerate(
        pairwise([settings.hidden_size, *settings.hidden_dims])
    ):
        name = f"hidden.{number}"
        mapped = linear(graph, normed(x, f"{name}.norm"), arrays, f"{name}.linear", _PREFIX)
        y = activation(graph, mapped, settings.activation)
        if settings.residual and inputs == outputs:
            y = graph.add("Add", y, x)
        elif settings.residual:
            y = graph.add("Add", y, linear(graph, x, arrays, f"{name}.projection", _PREFIX))
        x = y
    return linear(graph, normed(x, "norm"), arrays, "output", _PREFIX)


def _pooled(
    graph: OnnxGraph, settings: HeadSettings, arrays: Arrays, states: str, kept: str
) -> str:
    """One vector `[B, H]` a text; zeros for a text without any token, as in the model."""
    zero, of_token = graph.constant(0.0), along(graph, kept, -1)
    numbers = graph.add("Cast", kept, to=1)  # to float32
    if settings.pooling == "mean":
        states = graph.add("Where", of_token, states, zero)
        tokens = graph.add("Max", _sum(graph, numbers, keepdims=1), graph.constant(1.0))
        return graph.add("Div", _sum(graph, states), tokens)
    if settings.pooling == "attention":
        states = graph.add("Where", of_token, states, zero)
        query = graph.weight("head.pool.query", arrays["pool.query"])
        scale = graph.constant(1 / math.sqrt(settings.hidden_size))
        scores = graph.add("Mul", graph.add("MatMul", states, query), scale)
        masked = graph.add("Where", kept, scores, graph.constant(_LOWEST))
        weights = along(graph, graph.add("Softmax", masked, axis=1), -1)
        return _sum(graph, graph.add("Mul", weights, states))
    if settings.pooling == "max":
        masked = graph.add("Where", of_token, states, graph.constant(_LOWEST))
        pooled = graph.add("ReduceMax", masked, axes=[1], keepdims=0)
    else:
        first = graph.add("ArgMax", numbers, axis=1, keepdims=1)
        pooled = graph.add("GatherND", states, first, batch_dims=1)
    any_token = graph.add("Cast", graph.add("ReduceMax", numbers, axes=[1], keepdims=1), to=9)
    return graph.add("Where", any_token, pooled, zero)


def _sum(graph: OnnxGraph, x: str, *, keepdims: int = 0) -> str:
    """Over the tokens."""
    return graph.add("ReduceSum", x, graph.constant([1], np.int64), keepdims=keepdims)
