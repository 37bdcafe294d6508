"""An encoder as ONNX nodes: token ids and their mask to token states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bertplay.export.onnx_deberta import deberta_states
from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_layers import Arrays
from bertplay.export.onnx_modernbert import modernbert_states
from bertplay.export.onnx_post_norm import post_norm_states

_OTHERS: Mapping[str, Callable[..., str]] = {
    "deberta-v2": deberta_states,
    "modernbert": modernbert_states,
}


def encoder_states(graph: OnnxGraph, config: Any, arrays: Arrays, input_ids: str, kept: str) -> str:
    """The states `[B, L, H]` after the last layer.

    Args:
        graph: to add to.
        config: of the encoder.
        arrays: of the encoder, by their names in Hugging Face's checkpoints.
        input_ids: `[B, L]` int64.
        kept: `[B, L]` bool, true where there is a token.
    """
    states: Callable[..., str] = _OTHERS.get(config.model_type, post_norm_states)
    return states(graph, config, arrays, input_ids, kept)
