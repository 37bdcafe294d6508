"""Layers as ONNX nodes of operator set 17, each the arithmetic of the layer of its name."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bertplay.export.onnx_graph import OnnxGraph

Arrays = Mapping[str, NDArray[np.float32]]


def linear(graph: OnnxGraph, x: str, arrays: Arrays, name: str, prefix: str = "") -> str:
    """`x W^T + b`, the bias where there is one.

    Args:
        graph: to add to.
        x: `[..., inputs]`.
        arrays: have `name.weight` `[outputs, inputs]`.
        name: of the layer.
        prefix: of the names in the graph.
    """
    # ONNX multiplies from the other side than a linear layer of MLX or PyTorch.
    transposed = np.ascontiguousarray(arrays[f"{name}.weight"].T)
    weight = graph.weight(f"{prefix}{name}.weight_transposed", transposed)
    product = graph.add("MatMul", x, weight)
    if f"{name}.bias" not in arrays:
        return product
    return graph.add("Add", product, graph.weight(f"{prefix}{name}.bias", arrays[f"{name}.bias"]))


def layer_norm(
    graph: OnnxGraph, x: str, arrays: Arrays, name: str, *, eps: float, prefix: str = ""
) -> str:
    """LayerNorm over the last axis; a bias that is missing counts as 0."""
    inputs = [
        graph.weight(f"{prefix}{name}.{kind}", arrays[f"{name}.{kind}"])
        for kind in ("weight", "bias")
        if f"{name}.{kind}" in arrays
    ]
    return graph.add("LayerNormalization", x, *inputs, axis=-1, epsilon=eps)


def activation(graph: OnnxGraph, x: str, name: str) -> str:
    """One of the activations of a head's hidden layers, or of an encoder's."""
    if name == "gelu":
        return gelu(graph, x)
    if name == "silu":
        return graph.add("Mul", x, graph.add("Sigmoid", x))
    return graph.add({"relu": "Relu", "tanh": "Tanh"}[name], x)


def gelu(graph: OnnxGraph, x: str) -> str:
    """`x (1 + erf(x / sqrt 2)) / 2`; ONNX has it as one operator from set 20 on."""
    erf = graph.add("Erf", graph.add("Mul", x, graph.constant(1 / math.sqrt(2))))
    half = graph.add("Mul", x, graph.constant(0.5))
    return graph.add("Mul", half, graph.add("Add", erf, graph.constant(1.0)))


def along(graph: OnnxGraph, x: str, *axes: int) -> str:
    """`x` with axes of one more, such as `[B, L]` to `[B, L, 1]` with -1."""
    return graph.add("Unsqueeze", x, graph.constant(axes, np.int64))
