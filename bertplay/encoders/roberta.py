"""RoBERTa (Liu et al. 2019) and XLM-RoBERTa (Conneau et al. 2020) in MLX.

BERT's layers; positions are counted from the first token on and begin at `pad_token_id + 1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mlx.core as mx
import mlx.nn as nn

from bertplay.encoders.bert import Embeddings as BertEmbeddings
from bertplay.encoders.config import BertConfig
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.post_norm import LINEARS, Layer, LayerStack, Pooler


@dataclass(frozen=True)
class RobertaConfig(BertConfig):
    """Sizes and rates of a RoBERTa encoder, by the names of Hugging Face's config.json."""

    model_type: ClassVar[str] = "roberta"
    architecture: ClassVar[str] = "RobertaModel"
    prefix: ClassVar[str] = "roberta."

    max_position_embeddings: int = 514
    type_vocab_size: int = 1
    layer_norm_eps: float = 1e-5
    pad_token_id: int = 1

    @property
    def max_length(self) -> int:
        """The most tokens of a text: positions up to that of padding are not a token's."""
        return self.max_position_embeddings - self.pad_token_id - 1


@dataclass(frozen=True)
class XlmRobertaConfig(RobertaConfig):
    """The same for XLM-RoBERTa, which differs in its vocabulary alone."""

    model_type: ClassVar[str] = "xlm-roberta"
    architecture: ClassVar[str] = "XLMRobertaModel"


class Embeddings(BertEmbeddings):
    """Sum of word, position and token type embeddings, normalised."""

    def __init__(self, config: RobertaConfig) -> None:
        super().__init__(config)
        self.padding = config.pad_token_id

    def __call__(
        self,
        input_ids: mx.array,
        token_type_ids: mx.array | None = None,
        attention_mask: mx.array | None = None,
    ) -> mx.array:
        """`[B, L]` ids to `[B, L, H]` states; padding has the position of the padding token."""
        summed = self.word_embeddings(input_ids) + counted_positions(
            self.position_embeddings, input_ids.shape[1], attention_mask, self.padding
        )
        summed = summed + (
            self.token_type_embeddings.weight[0]
            if token_type_ids is None
            else self.token_type_embeddings(token_type_ids)
        )
        return self.dropout(self.LayerNorm(summed))


def counted_positions(
    embeddings: nn.Embedding, length: int, attention_mask: mx.array | None, padding: int
) -> mx.array:
    """Position embeddings that count a text's tokens from `padding + 1` on.

    Args:
        embeddings: of positions.
        length: L.
        attention_mask: `[B, L]`; None keeps every token.
        padding: the position of padding.

    Returns:
        `[L, H]` without a mask, else `[B, L, H]`.
    """
    if attention_mask is None:
        rows: mx.array = embeddings.weight[padding + 1 : padding + 1 + length]
        return rows
    mask = attention_mask.astype(mx.int32)
    positions: mx.array = embeddings(mx.cumsum(mask, axis=1) * mask + padding)
    return positions


class RobertaEncoder(Encoder):
    """A RoBERTa or XLM-RoBERTa encoder.

    Args:
        config: the sizes.
        pooler: whether the checkpoint has a pooler.
    """

    linears = LINEARS

    def __init__(self, config: RobertaConfig, *, pooler: bool = False) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.encoder = LayerStack([Layer(config) for _ in range(config.num_hidden_layers)])
        if pooler:
            self.pooler = Pooler(config)
