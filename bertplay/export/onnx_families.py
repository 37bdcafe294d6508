"""The encoders with BERT's layer, normalised after each half: where they differ, by model_type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bertplay.encoders.mpnet import PADDING_POSITION


@dataclass(frozen=True)
class OnnxFamily:
    """The names of a family's layers in Hugging Face's checkpoints, and its positions.

    Attributes:
        layers: before the number of a layer.
        query, key, value, mixed: linear maps of the attention; `mixed` comes after it.
        attention_norm: the layer norm after the attention's residual sum.
        inner, outer: linear maps of the feed-forward block.
        output_norm: the layer norm after its residual sum.
        padding_position: of a config, the position of padding, where a text's positions are
            counted from its first token on; None where the first column is position 0.
        relative: there is a bias for relative positions, `encoder.relative_attention_bias`.
    """

    layers: str = "encoder.layer"
    query: str = "attention.self.query"
    key: str = "attention.self.key"
    value: str = "attention.self.value"
    mixed: str = "attention.output.dense"
    attention_norm: str = "attention.output.LayerNorm"
    inner: str = "intermediate.dense"
    outer: str = "output.dense"
    output_norm: str = "output.LayerNorm"
    padding_position: Callable[[Any], int] | None = None
    relative: bool = False


_ROBERTA = OnnxFamily(padding_position=lambda config: int(config.pad_token_id))

FAMILIES: Mapping[str, OnnxFamily] = {
    "bert": OnnxFamily(),
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "distilbert": OnnxFamily(
        layers="transformer.layer",
        query="attention.q_lin",
        key="attention.k_lin",
        value="attention.v_lin",
        mixed="attention.out_lin",
        attention_norm="sa_layer_norm",
        inner="ffn.lin1",
        outer="ffn.lin2",
        output_norm="output_layer_norm",
    ),
    "mpnet": OnnxFamily(
        query="attention.attn.q",
        key="attention.attn.k",
        value="attention.attn.v",
        mixed="attention.attn.o",
        attention_norm="attention.LayerNorm",
        padding_position=lambda config: PADDING_POSITION,
        relative=True,
    ),
    # Its attention is in `bertplay.export.onnx_deberta`.
    "deberta-v2": OnnxFamily(),
}
"""By model_type."""
