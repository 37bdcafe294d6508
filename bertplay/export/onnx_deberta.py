"""DeBERTa-v2 and v3 as ONNX nodes: attention of content and relative position to each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bertplay.encoders.deberta import DebertaConfig, relative_positions
from bertplay.export.onnx_attention import mixed, offsets, padding_bias, split_heads
from bertplay.export.onnx_families import FAMILIES
from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_layers import Arrays, along, layer_norm, linear
from bertplay.export.onnx_post_norm import PostNormNodes


@dataclass(frozen=True)
class _Relative:
    """What every layer reads besides the states: names of values.

    Attributes:
        bias: `[B, 1, 1, L]` of padding.
        embeddings: `[1, U, H]` of all relative positions.
        places: `[1, 1, L, L]` the row of `embeddings` for query i and key j.
    """

    bias: str
    embeddings: str
    places: str


def deberta_states(
    graph: OnnxGraph, config: DebertaConfig, arrays: Arrays, input_ids: str, kept: str
) -> str:
    """The states `[B, L, H]`; arguments as of `encoder_states`."""
    row = FAMILIES[config.model_type]
    nodes = PostNormNodes(graph, row, config, arrays)
    states = nodes.embedded(input_ids)
    relative = _relative(graph, config, arrays, input_ids, kept)
    for number in range(config.num_hidden_layers):
        name = f"{row.layers}.{number}"
        mixture = _attention(graph, config, arrays, name, states, relative)
        states = nodes.layer(name, states, mixture)
    return states


def _relative(
    graph: OnnxGraph, config: DebertaConfig, arrays: Arrays, input_ids: str, kept: str
) -> _Relative:
    path = "encoder.rel_embeddings.weight"
    rows = graph.weight(path, arrays[path][None])
    if "encoder.LayerNorm.weight" in arrays:
        rows = layer_norm(graph, rows, arrays, "encoder.LayerNorm", eps=config.layer_norm_eps)
    longest = config.max_length
    numbers = relative_positions(longest, config.span, config.position_buckets, config.farthest)
    # They depend on i - j alone, so that of the square its two borders are enough.
    by_distance = np.concatenate([numbers[::-1, 0], numbers[0, 1:]]).astype(np.int64)
    shifted = graph.add("Add", offsets(graph, input_ids), graph.constant(longest - 1, np.int64))
    places = graph.add("Gather", graph.weight("relative_positions", by_distance), shifted)
    return _Relative(padding_bias(graph, kept), rows, along(graph, places, 0, 1))


def _attention(
    graph: OnnxGraph,
    config: DebertaConfig,
    arrays: Arrays,
    name: str,
    states: str,
    relative: _Relative,
) -> str:
    """The mixed values `[B, L, H]`, before the output map."""
    hidden, heads = config.hidden_size, config.num_attention_heads
    size = hidden // heads
    scale = graph.constant(1 / math.sqrt(3 * size))

    def made(part: str, x: str, *, swapped: bool = False) -> str:
        mapped = linear(graph, x, arrays, f"{name}.attention.self.{part}_proj")
        return split_heads(graph, mapped, heads, size, swapped=swapped)

    def gathered(products: str, places: str) -> str:
        shape = graph.add("Shape", scores)
        everywhere = graph.add("Expand", places, shape)
        return graph.add("GatherElements", products, everywhere, axis=3)

    query = graph.add("Mul", made("query", states), scale)
    key, value = made("key", states), made("value", states)
    scores = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 1, 3, 2]))
    position_key = made("key", relative.embeddings, swapped=True)
    position_query = graph.add("Mul", made("query", relative.embeddings, swapped=True), scale)
    to_position = gathered(graph.add("MatMul", query, position_key), relative.places)
    turned = graph.add("Transpose", relative.places, perm=[0, 1, 3, 2])
    to_content = gathered(graph.add("MatMul", key, position_query), turned)
    summed = graph.add("Add", scores, to_position)
    summed = graph.add("Add", summed, graph.add("Transpose", to_content, perm=[0, 1, 3, 2]))
    return mixed(graph, graph.add("Add", summed, relative.bias), value, hidden)
