"""ModernBERT as ONNX nodes: rotary positions, gated feed-forward, global and local attention."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bertplay.encoders.modernbert import GLOBAL, LOCAL, ModernBertConfig
from bertplay.export.onnx_attention import (
    attention_bias,
    column_numbers,
    mixed,
    offsets,
    padding_bias,
    split_heads,
)
from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_layers import Arrays, along, gelu, layer_norm, linear


@dataclass(frozen=True)
class _Kind:
    """What the layers of a kind read besides the states: names of values.

    Attributes:
        bias: to be broadcast to `[B, A, L, L]`.
        cosines: `[L, D]`.
        sines: `[L, D]`.
    """

    bias: str
    cosines: str
    sines: str


def modernbert_states(
    graph: OnnxGraph, config: ModernBertConfig, arrays: Arrays, input_ids: str, kept: str
) -> str:
    """The states `[B, L, H]`; arguments as of `encoder_states`."""
    path = "embeddings.tok_embeddings.weight"
    words = graph.add("Gather", graph.weight(path, arrays[path]), input_ids)
    states = _norm(graph, words, config, arrays, "embeddings.norm")
    kinds = _kinds(graph, config, input_ids, kept)
    for number, kind in enumerate(config.layer_types[: config.num_hidden_layers]):
        states = _layer(graph, config, arrays, f"layers.{number}", states, kinds[kind])
    return _norm(graph, states, config, arrays, "final_norm")


def _kinds(
    graph: OnnxGraph, config: ModernBertConfig, input_ids: str, kept: str
) -> Mapping[str, _Kind]:
    half_window = graph.constant(config.local_attention // 2, np.int64)
    distance = graph.add("Abs", offsets(graph, input_ids))
    near = graph.add("LessOrEqual", distance, half_window)
    near = graph.add("And", near, along(graph, kept, 1, 2))
    biases = {GLOBAL: padding_bias(graph, kept), LOCAL: attention_bias(graph, near)}
    return {
        kind: _Kind(bias, *_angles(graph, config, kind, input_ids)) for kind, bias in biases.items()
    }


def _angles(
    graph: OnnxGraph, config: ModernBertConfig, kind: str, input_ids: str
) -> tuple[str, str]:
    """Cosines and sines of position times frequency, as `rotary_angles`."""
    size = config.hidden_size // config.num_attention_heads
    powers = -np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    frequencies = np.float32(config.theta(kind)) ** powers
    columns = graph.add("Cast", column_numbers(graph, input_ids), to=1)  # to float32
    name = graph.weight(f"frequencies.{kind}", frequencies)
    half = graph.add("Mul", along(graph, columns, 1), name)
    angles = graph.add("Concat", half, half, axis=-1)
    return graph.add("Cos", angles), graph.add("Sin", angles)


def _layer(
    graph: OnnxGraph,
    config: ModernBertConfig,
    arrays: Arrays,
    name: str,
    states: str,
    kind: _Kind,
) -> str:
    first = f"{name}.attn_norm"
    normed = states  # the first layer has no norm before its attention
    if f"{first}.weight" in arrays:
        normed = _norm(graph, states, config, arrays, first)
    states = graph.add("Add", states, _attention(graph, config, arrays, name, normed, kind))
    normed = _norm(graph, states, config, arrays, f"{name}.mlp_norm")
    inner, gate = _parts(graph, linear(graph, normed, arrays, f"{name}.mlp.Wi"), 2)
    gated = graph.add("Mul", gelu(graph, inner), gate)
    return graph.add("Add", states, linear(graph, gated, arrays, f"{name}.mlp.Wo"))


def _attention(
    graph: OnnxGraph,
    config: ModernBertConfig,
    arrays: Arrays,
    name: str,
    states: str,
    kind: _Kind,
) -> str:
    hidden, heads = config.hidden_size, config.num_attention_heads
    size = hidden // heads
    query, key, value = (
        split_heads(graph, part, heads, size)
        for part in _parts(graph, linear(graph, states, arrays, f"{name}.attn.Wqkv"), 3)
    )
    query, key = _rotated(graph, query, kind), _rotated(graph, key, kind)
    scaled = graph.add("Mul", query, graph.constant(1 / math.sqrt(size)))
    products = graph.add("MatMul", scaled, graph.add("Transpose", key, perm=[0, 1, 3, 2]))
    mixture = mixed(graph, graph.add("Add", products, kind.bias), value, hidden)
    return linear(graph, mixture, arrays, f"{name}.attn.Wo")


def _rotated(graph: OnnxGraph, x: str, kind: _Kind) -> str:
    first, second = _parts(graph, x, 2)
    turned = graph.add("Concat", graph.add("Neg", second), first, axis=-1)
    kept = graph.add("Mul", x, kind.cosines)
    return graph.add("Add", kept, graph.add("Mul", turned, kind.sines))


def _parts(graph: OnnxGraph, x: str, number: int) -> tuple[str, ...]:
    """As many equal parts of the last axis."""
    return graph.add_split(x, number, axis=-1)


def _norm(graph: OnnxGraph, x: str, config: ModernBertConfig, arrays: Arrays, name: str) -> str:
    return layer_norm(graph, x, arrays, name, eps=config.norm_eps)
