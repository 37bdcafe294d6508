"""BERT as ONNX nodes: token ids and their mask to token states."""

from __future__ import annotations

import math

import numpy as np

from bertplay.encoders.config import BertConfig
from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_layers import Arrays, along, gelu, layer_norm, linear


def bert_states(
    graph: OnnxGraph, config: BertConfig, arrays: Arrays, input_ids: str, kept: str
) -> str:
    """The states `[B, L, H]` after the last layer.

    Args:
        graph: to add to.
        config: of the encoder.
        arrays: of the encoder, by their names in Hugging Face's checkpoints.
        input_ids: `[B, L]` int64.
        kept: `[B, L]` bool, true where there is a token.
    """
    states = _embeddings(graph, config, arrays, input_ids)
    # As in the encoder: a large finite number, as -inf makes rows without any token NaN.
    bias = graph.add("Where", along(graph, kept, 1, 2), graph.constant(0.0), graph.constant(-1e9))
    for number in range(config.num_hidden_layers):
        states = _layer(graph, config, arrays, f"encoder.layer.{number}", states, bias)
    return states


def _embeddings(graph: OnnxGraph, config: BertConfig, arrays: Arrays, input_ids: str) -> str:
    table = {
        kind: graph.weight(f"embeddings.{kind}", arrays[f"embeddings.{kind}_embeddings.weight"])
        for kind in ("word", "position")
    }
    words = graph.add("Gather", table["word"], input_ids)
    length = graph.add("Shape", input_ids, start=1, end=2)
    start, axis = graph.constant([0], np.int64), graph.constant([0], np.int64)
    positions = graph.add("Slice", table["position"], start, length, axis)
    types = graph.weight("embeddings.type_0", arrays["embeddings.token_type_embeddings.weight"][0])
    summed = graph.add("Add", graph.add("Add", words, positions), types)
    return layer_norm(graph, summed, arrays, "embeddings.LayerNorm", eps=config.layer_norm_eps)


def _layer(
    graph: OnnxGraph, config: BertConfig, arrays: Arrays, name: str, states: str, bias: str
) -> str:
    """One layer, normalised after each half."""
    mixed = _attention(graph, config, arrays, f"{name}.attention.self", states, bias)
    states = _residual(graph, config, arrays, f"{name}.attention.output", mixed, states)
    inner = gelu(graph, linear(graph, states, arrays, f"{name}.intermediate.dense"))
    return _residual(graph, config, arrays, f"{name}.output", inner, states)


def _attention(
    graph: OnnxGraph, config: BertConfig, arrays: Arrays, name: str, states: str, bias: str
) -> str:
    size = config.hidden_size // config.num_attention_heads
    # 0 keeps an axis as it is: batch and length are not known yet.
    split = graph.constant([0, 0, config.num_attention_heads, size], np.int64)
    whole = graph.constant([0, 0, config.hidden_size], np.int64)

    def heads(x: str, *axes: int) -> str:
        return graph.add("Transpose", graph.add("Reshape", x, split), perm=axes)

    query, key, value = (
        linear(graph, states, arrays, f"{name}.{part}") for part in ("query", "key", "value")
    )
    scaled = graph.add("Mul", query, graph.constant(1 / math.sqrt(size)))
    scores = graph.add("MatMul", heads(scaled, 0, 2, 1, 3), heads(key, 0, 2, 3, 1))
    weights = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
    mixed = graph.add("MatMul", weights, heads(value, 0, 2, 1, 3))
    return graph.add("Reshape", graph.add("Transpose", mixed, perm=[0, 2, 1, 3]), whole)


def _residual(
    graph: OnnxGraph, config: BertConfig, arrays: Arrays, name: str, inner: str, residual: str
) -> str:
    """Linear map, residual sum, layer norm: how both halves of a layer end."""
    summed = graph.add("Add", linear(graph, inner, arrays, f"{name}.dense"), residual)
    return layer_norm(graph, summed, arrays, f"{name}.LayerNorm", eps=config.layer_norm_eps)
