"""The transformer layer of BERT, normalised after each half; RoBERTa's is the same."""

from __future__ import annotations

from typing import ClassVar, Protocol

import mlx.core as mx
import mlx.nn as nn

from bertplay.encoders.attention import attend, split_heads
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.gelu import gelu
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.encoders.linear import Linear

LINEARS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention.output.dense": "attention.output.dense",
    "intermediate.dense": "intermediate.dense",
    "output.dense": "output.dense",
}
"""The linear maps of a layer: name to path."""


class LayerConfig(Protocol):
    """The sizes and rates of a layer."""

    @property
    def hidden_size(self) -> int:
        """H, the size of a token's state."""

    @property
    def num_attention_heads(self) -> int:
        """How many heads divide it."""

    @property
    def intermediate_size(self) -> int:
        """Of the feed-forward block."""

    @property
    def hidden_dropout_prob(self) -> float:
        """Of both halves' outputs."""

    @property
    def attention_probs_dropout_prob(self) -> float:
        """Of the attention's weights."""

    @property
    def layer_norm_eps(self) -> float:
        """Added to the variances."""


class SelfAttention(nn.Module):
    """Scaled dot-product attention over the tokens of each text."""

    def __init__(self, config: LayerConfig) -> None:
        super().__init__()
        self.query = Linear(config.hidden_size, config.hidden_size)
        self.key = Linear(config.hidden_size, config.hidden_size)
        self.value = Linear(config.hidden_size, config.hidden_size)
        self.dropout = Dropout(config.attention_probs_dropout_prob)
        self.num_heads = config.num_attention_heads

    def __call__(
        self, states: mx.array, bias: mx.array | None, asking: mx.array | None = None
    ) -> mx.array:
        """What tokens read of all tokens.

        Args:
            states: `[B, L, H]`, of the tokens that are read.
            bias: `[B, 1, 1, L]`, additive, in fp32.
            asking: `[B, Q, H]`, of the tokens that read; None for the same.

        Returns:
            `[B, Q, H]`.
        """
        asking = states if asking is None else asking
        query, key, value = (
            split_heads(part(of), self.num_heads)
            for part, of in ((self.query, asking), (self.key, states), (self.value, states))
        )
        return attend(query, key, value, bias, self.dropout)


class ResidualOutput(nn.Module):
    """Linear map, dropout, residual sum, layer norm: how both halves of a layer end."""

    def __init__(self, input_size: int, config: LayerConfig) -> None:
        super().__init__()
        self.dense = Linear(input_size, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def __call__(self, inner: mx.array, residual: mx.array) -> mx.array:
        """`[B, L, input_size]` and the `[B, L, H]` residual to `[B, L, H]`."""
        normalised: mx.array = self.LayerNorm(self.dropout(self.dense(inner)) + residual)
        return normalised


class Attention(nn.Module):
    """Self-attention and its output map."""

    def __init__(self, config: LayerConfig) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = ResidualOutput(config.hidden_size, config)

    def __call__(
        self, states: mx.array, bias: mx.array | None, asking: mx.array | None = None
    ) -> mx.array:
        """`[B, L, H]` states to those of the asking ones, `[B, Q, H]`; None for all."""
        return self.output(self.self(states, bias, asking), states if asking is None else asking)


class Intermediate(nn.Module):
    """The widening half of the feed-forward block."""

    def __init__(self, config: LayerConfig) -> None:
        super().__init__()
        self.dense = Linear(config.hidden_size, config.intermediate_size)

    def __call__(self, states: mx.array) -> mx.array:
        """`[B, L, H]` to `[B, L, intermediate_size]`."""
        return gelu(self.dense(states))


class Layer(nn.Module):
    """One transformer layer, normalised after each half."""

    takes_asking: ClassVar[bool] = True

    def __init__(self, config: LayerConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Intermediate(config)
        self.output = ResidualOutput(config.intermediate_size, config)

    def __call__(
        self, states: mx.array, bias: mx.array | None, asking: mx.array | None = None
    ) -> mx.array:
        """`[B, L, H]` states to new ones of the asking ones, `[B, Q, H]`; None for all."""
        states = self.attention(states, bias, asking)
        return self.output(self.intermediate(states), states)


class LayerStack(nn.Module):
    """The layers, in order."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layer = layers


class Pooler(nn.Module):
    """tanh of a linear map of the first token's state."""

    def __init__(self, config: LayerConfig) -> None:
        super().__init__()
        self.dense = Linear(config.hidden_size, config.hidden_size)

    def __call__(self, states: mx.array) -> mx.array:
        """`[B, L, H]` to `[B, H]`."""
        return mx.tanh(self.dense(states[:, 0]))
