"""Attention as ONNX nodes, of any number of texts and tokens."""

from __future__ import annotations

import numpy as np

from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_layers import along


def attention_bias(graph: OnnxGraph, allowed: str) -> str:
    """0 where a token may be read, and as in the encoder a large negative number where not."""
    # Finite, as -inf makes rows without any token NaN.
    return graph.add("Where", allowed, graph.constant(0.0), graph.constant(-1e9))


def padding_bias(graph: OnnxGraph, kept: str) -> str:
    """The bias `[B, 1, 1, L]` of a mask `[B, L]`, bool."""
    return attention_bias(graph, along(graph, kept, 1, 2))


def split_heads(graph: OnnxGraph, x: str, heads: int, size: int, *, swapped: bool = False) -> str:
    """`[B, L, H]` to `[B, A, L, D]`, or to `[B, A, D, L]` where it is swapped.

    Args:
        graph: to add to.
        x: `[B, L, H]`.
        heads: A.
        size: D.
        swapped: ready to be multiplied with from the left.
    """
    # 0 keeps an axis as it is: batch and length are not known yet.
    parts = graph.add("Reshape", x, graph.constant([0, 0, heads, size], np.int64))
    return graph.add("Transpose", parts, perm=[0, 2, 3, 1] if swapped else [0, 2, 1, 3])


def mixed(graph: OnnxGraph, scores: str, value: str, hidden: int) -> str:
    """The values `[B, A, L, D]` mixed by the softmax of `[B, A, L, L]`: `[B, L, H]`."""
    mixture = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
    rows = graph.add("Transpose", mixture, perm=[0, 2, 1, 3])
    return graph.add("Reshape", rows, graph.constant([0, 0, hidden], np.int64))


def column_numbers(graph: OnnxGraph, input_ids: str) -> str:
    """`[L]` int64: 0, 1, ... of token ids `[B, L]`."""
    length = graph.add("Squeeze", graph.add("Shape", input_ids, start=1, end=2))
    return graph.add("Range", graph.constant(0, np.int64), length, graph.constant(1, np.int64))


def offsets(graph: OnnxGraph, input_ids: str) -> str:
    """`[L, L]` int64: how many columns key j is behind query i, j - i."""
    columns = column_numbers(graph, input_ids)
    return graph.add("Sub", along(graph, columns, 0), along(graph, columns, 1))
