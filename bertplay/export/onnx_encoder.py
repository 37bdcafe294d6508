"""An encoder as ONNX nodes: token ids and their mask to token states."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bertplay.export.onnx_families import OnnxFamily, onnx_family
from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_layers import Arrays, along, gelu, layer_norm, linear


def encoder_states(graph: OnnxGraph, config: Any, arrays: Arrays, input_ids: str, kept: str) -> str:
    """The states `[B, L, H]` after the last layer.

    Args:
        graph: to add to.
        config: of the encoder.
        arrays: of the encoder, by their names in Hugging Face's checkpoints.
        input_ids: `[B, L]` int64.
        kept: `[B, L]` bool, true where there is a token.

    Raises:
        InputError: encoders of this family are not built as ONNX nodes.
    """
    family = onnx_family(config.as_dict()["model_type"])
    nodes = _EncoderNodes(graph, family, config, arrays)
    states = nodes.embeddings(input_ids)
    # As in the encoder: a large finite number, as -inf makes rows without any token NaN.
    padding = along(graph, kept, 1, 2)
    bias = graph.add("Where", padding, graph.constant(0.0), graph.constant(-1e9))
    for number in range(config.num_hidden_layers):
        states = nodes.layer(f"{family.layers}.{number}", states, bias)
    return states


class _EncoderNodes:
    """The parts of an encoder, each added to the graph where it is called.

    Args:
        graph: to add to.
        family: of the encoder.
        config: its sizes.
        arrays: its weights.
    """

    def __init__(self, graph: OnnxGraph, family: OnnxFamily, config: Any, arrays: Arrays) -> None:
        self._graph, self._family, self._config, self._arrays = graph, family, config, arrays

    def embeddings(self, input_ids: str) -> str:
        """`[B, L]` token ids to `[B, L, H]` states."""
        graph = self._graph
        words = graph.add("Gather", self._table("word_embeddings"), input_ids)
        summed = graph.add("Add", words, self._positions(input_ids))
        if self._family.token_types:
            types = self._arrays["embeddings.token_type_embeddings.weight"]
            summed = graph.add("Add", summed, graph.weight("embeddings.type_0", types[0]))
        return self._norm(summed, "embeddings.LayerNorm")

    def layer(self, name: str, states: str, bias: str) -> str:
        """One layer, normalised after each half; `bias` is added to the attention's scores."""
        graph, family = self._graph, self._family
        mixed = self._linear(self._attention(name, states, bias), f"{name}.{family.mixed}")
        states = self._norm(graph.add("Add", mixed, states), f"{name}.{family.attention_norm}")
        inner = gelu(graph, self._linear(states, f"{name}.{family.inner}"))
        outer = self._linear(inner, f"{name}.{family.outer}")
        return self._norm(graph.add("Add", outer, states), f"{name}.{family.output_norm}")

    def _positions(self, input_ids: str) -> str:
        """The position embeddings of the columns, `[L, H]`."""
        graph = self._graph
        length = graph.add("Shape", input_ids, start=1, end=2)
        first, axis = graph.constant([0], np.int64), graph.constant([0], np.int64)
        return graph.add("Slice", self._table("position_embeddings"), first, length, axis)

    def _attention(self, name: str, states: str, bias: str) -> str:
        graph, family = self._graph, self._family
        hidden, heads = self._config.hidden_size, self._config.num_attention_heads
        # 0 keeps an axis as it is: batch and length are not known yet.
        split = graph.constant([0, 0, heads, hidden // heads], np.int64)
        whole = graph.constant([0, 0, hidden], np.int64)

        def parted(x: str, *axes: int) -> str:
            return graph.add("Transpose", graph.add("Reshape", x, split), perm=axes)

        query, key, value = (
            self._linear(states, f"{name}.{part}")
            for part in (family.query, family.key, family.value)
        )
        scaled = graph.add("Mul", query, graph.constant(1 / math.sqrt(hidden // heads)))
        scores = graph.add("MatMul", parted(scaled, 0, 2, 1, 3), parted(key, 0, 2, 3, 1))
        weights = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
        mixed = graph.add("MatMul", weights, parted(value, 0, 2, 1, 3))
        return graph.add("Reshape", graph.add("Transpose", mixed, perm=[0, 2, 1, 3]), whole)

    def _table(self, name: str) -> str:
        path = f"embeddings.{name}.weight"
        return self._graph.weight(path, self._arrays[path])

    def _linear(self, x: str, name: str) -> str:
        return linear(self._graph, x, self._arrays, name)

    def _norm(self, x: str, name: str) -> str:
        return layer_norm(self._graph, x, self._arrays, name, eps=self._config.layer_norm_eps)
