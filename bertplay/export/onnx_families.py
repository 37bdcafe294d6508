"""The encoders that are built as ONNX nodes: where they differ, by their model_type.

All have BERT's layer, normalised after each half. What differs is a row of `FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bertplay.data.errors import InputError
from bertplay.data.wording import listed


@dataclass(frozen=True)
class OnnxFamily:
    """The names of a family's layers in Hugging Face's checkpoints, and its embeddings.

    Attributes:
        layers: before the number of a layer.
        query, key, value, mixed: linear maps of the attention; `mixed` comes after it.
        attention_norm: the layer norm after the attention's residual sum.
        inner, outer: linear maps of the feed-forward block.
        output_norm: the layer norm after its residual sum.
        token_types: the embedding of token type 0 is added to every token.
        counted_from: what the positions of padding are called, where a text's positions are
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
    token_types: bool = True
    counted_from: str | None = None
    relative: bool = False


FAMILIES: Mapping[str, OnnxFamily] = {
    "bert": OnnxFamily(),
}
"""By model_type."""


def onnx_family(model_type: str) -> OnnxFamily:
    """The row of a family.

    Raises:
        InputError: encoders of this family are not built as ONNX nodes.
    """
    if model_type not in FAMILIES:
        raise InputError(
            f"format onnx knows encoders of the families {listed(list(FAMILIES))}, and this one is "
            f"{model_type}: use --format hf, which other tools turn into ONNX"
        )
    return FAMILIES[model_type]
