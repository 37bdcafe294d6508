"""BERT (Devlin et al. 2019) in MLX: post-norm, learned positions, token types, erf GELU, pooler."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from bertplay.encoders.config import BertConfig
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.encoders.post_norm import LINEARS, Layer, LayerStack, Pooler


class Embeddings(nn.Module):
    """Sum of word, position and token type embeddings, normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def __call__(
        self,
        input_ids: mx.array,
        token_type_ids: mx.array | None = None,
        attention_mask: mx.array | None = None,
    ) -> mx.array:
        """`[B, L]` ids to `[B, L, H]` states."""
        positions = self.position_embeddings.weight[: input_ids.shape[1]]
        types = (
            self.token_type_embeddings.weight[0]
            if token_type_ids is None
            else self.token_type_embeddings(token_type_ids)
        )
        summed = self.word_embeddings(input_ids) + positions + types
        return self.dropout(self.LayerNorm(summed))


class BertEncoder(Encoder):
    """A BERT encoder.

    Args:
        config: the sizes.
        pooler: whether the checkpoint has a pooler; classification heads here do not need one.
    """

    linears = LINEARS

    def __init__(self, config: BertConfig, *, pooler: bool = False) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.encoder = LayerStack([Layer(config) for _ in range(config.num_hidden_layers)])
        if pooler:
            self.pooler = Pooler(config)
