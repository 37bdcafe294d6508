"""Encoders with BERT's layer, normalised after each half, as ONNX nodes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bertplay.encoders.mpnet import relative_buckets
from bertplay.export.onnx_attention import mixed, offsets, padding_bias, split_heads
from bertplay.export.onnx_families import FAMILIES, OnnxFamily
from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_layers import Arrays, along, gelu, layer_norm, linear


def post_norm_states(
    graph: OnnxGraph, config: Any, arrays: Arrays, input_ids: str, kept: str
) -> str:
    """The states `[B, L, H]`; arguments as of `encoder_states`."""
    family = FAMILIES[config.model_type]
    nodes = PostNormNodes(graph, family, config, arrays)
    states = nodes.embedded(input_ids, kept)
    bias = padding_bias(graph, kept)
    if family.relative:
        bias = graph.add("Add", bias, nodes.relative_bias(input_ids))
    for number in range(config.num_hidden_layers):
        name = f"{family.layers}.{number}"
        states = nodes.layer(name, states, nodes.attention(name, states, bias))
    return states


class PostNormNodes:
    """The parts of an encoder, each added to the graph where it is called.

    Args:
        graph: to add to.
        family: of the encoder.
        config: its sizes.
        arrays: its weights.
    """

    def __init__(self, graph: OnnxGraph, family: OnnxFamily, config: Any, arrays: Arrays) -> None:
        self._graph, self._family, self._config, self._arrays = graph, family, config, arrays

    def embedded(self, input_ids: str, kept: str | None = None) -> str:
        """`[B, L]` token ids to `[B, L, H]` states; `kept` where positions are a text's own."""
        graph = self._graph
        summed = graph.add("Gather", self._table("word_embeddings"), input_ids)
        if "embeddings.position_embeddings.weight" in self._arrays:
            summed = graph.add("Add", summed, self._positions(input_ids, kept))
        if "embeddings.token_type_embeddings.weight" in self._arrays:
            types = self._arrays["embeddings.token_type_embeddings.weight"]
            summed = graph.add("Add", summed, graph.weight("embeddings.type_0", types[0]))
        return self._norm(summed, "embeddings.LayerNorm")

    def layer(self, name: str, states: str, mixture: str) -> str:
        """What comes after a layer's attention, which mixed values `[B, L, H]`."""
        graph, family = self._graph, self._family
        mixed_states = self._linear(mixture, f"{name}.{family.mixed}")
        states = graph.add("Add", mixed_states, states)
        states = self._norm(states, f"{name}.{family.attention_norm}")
        inner = gelu(graph, self._linear(states, f"{name}.{family.inner}"))
        outer = self._linear(inner, f"{name}.{family.outer}")
        return self._norm(graph.add("Add", outer, states), f"{name}.{family.output_norm}")

    def attention(self, name: str, states: str, bias: str) -> str:
        """The mixed values `[B, L, H]`; `bias` is added to the scores."""
        graph, family = self._graph, self._family
        hidden, heads = self._config.hidden_size, self._config.num_attention_heads
        size = hidden // heads
        query, key, value = (
            self._linear(states, f"{name}.{part}")
            for part in (family.query, family.key, family.value)
        )
        query = graph.add("Mul", query, graph.constant(1 / math.sqrt(size)))
        scores = graph.add(
            "MatMul",
            split_heads(graph, query, heads, size),
            split_heads(graph, key, heads, size, swapped=True),
        )
        biased = graph.add("Add", scores, bias)
        return mixed(graph, biased, split_heads(graph, value, heads, size), hidden)

    def relative_bias(self, input_ids: str) -> str:
        """MPNet's bias of relative positions, `[1, A, L, L]`."""
        graph, longest = self._graph, self._config.max_length
        table = self._arrays["encoder.relative_attention_bias.weight"]
        buckets = relative_buckets(longest, len(table))
        # They depend on j - i alone, so that of the square its two borders are enough.
        by_distance = np.concatenate([buckets[::-1, 0], buckets[0, 1:]])
        rows = graph.weight("relative_attention_bias", table[by_distance])
        shifted = graph.add("Add", offsets(graph, input_ids), graph.constant(longest - 1, np.int64))
        biases = graph.add("Transpose", graph.add("Gather", rows, shifted), perm=[2, 0, 1])
        return along(graph, biases, 0)

    def _positions(self, input_ids: str, kept: str | None) -> str:
        """The position embeddings, `[L, H]` of the columns or `[B, L, H]` of the texts' tokens."""
        graph, table = self._graph, self._table("position_embeddings")
        if self._family.padding_position is None:
            first, length = graph.constant([0], np.int64), graph.add("Shape", input_ids, start=1)
            return graph.add("Slice", table, first, length, graph.constant([0], np.int64))
        assert kept is not None
        tokens = graph.add("Cast", kept, to=7)  # to int64
        counted = graph.add("CumSum", tokens, graph.constant(1, np.int64))
        padding = graph.constant(self._family.padding_position(self._config), np.int64)
        positions = graph.add("Add", graph.add("Mul", counted, tokens), padding)
        return graph.add("Gather", table, positions)

    def _table(self, name: str) -> str:
        path = f"embeddings.{name}.weight"
        return self._graph.weight(path, self._arrays[path])

    def _linear(self, x: str, name: str) -> str:
        return linear(self._graph, x, self._arrays, name)

    def _norm(self, x: str, name: str) -> str:
        return layer_norm(self._graph, x, self._arrays, name, eps=self._config.layer_norm_eps)
