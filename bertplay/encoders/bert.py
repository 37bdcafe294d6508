"""BERT (Devlin et al. 2019) in MLX: post-norm, learned positions, token types, erf GELU, pooler.

The modules are named as in Hugging Face's checkpoints, so that a parameter's path here is its
tensor's name there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import mlx.core as mx
import mlx.nn as nn

from bertplay.encoders.config import BertConfig
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.gelu import gelu
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.encoders.linear import Linear
from bertplay.encoders.recomputation import recomputed
from bertplay.encoders.softmax import softmax


@dataclass(frozen=True)
class EncoderOutput:
    """What an encoder returns.

    Attributes:
        last_hidden_state: `[B, L, H]` token states after the last layer.
        pooled: `[B, H]` tanh of a linear map of the first token's state; None without a pooler.
    """

    last_hidden_state: mx.array
    pooled: mx.array | None


class Embeddings(nn.Module):
    """Sum of word, position and token type embeddings, normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def __call__(self, input_ids: mx.array, token_type_ids: mx.array | None) -> mx.array:
        """`[B, L]` ids to `[B, L, H]` states."""
        positions = self.position_embeddings.weight[: input_ids.shape[1]]
        types = (
            self.token_type_embeddings.weight[0]
            if token_type_ids is None
            else self.token_type_embeddings(token_type_ids)
        )
        summed = self.word_embeddings(input_ids) + positions + types
        return self.dropout(self.LayerNorm(summed))


class SelfAttention(nn.Module):
    """Scaled dot-product attention over the tokens of each text."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.query = Linear(config.hidden_size, config.hidden_size)
        self.key = Linear(config.hidden_size, config.hidden_size)
        self.value = Linear(config.hidden_size, config.hidden_size)
        self.dropout = Dropout(config.attention_probs_dropout_prob)
        self.num_heads = config.num_attention_heads

    def __call__(self, states: mx.array, bias: mx.array | None) -> mx.array:
        """`[B, L, H]` states and an additive `[B, 1, 1, L]` fp32 bias to `[B, L, H]`."""
        batch, length, hidden = states.shape
        size = hidden // self.num_heads

        def heads(x: mx.array) -> mx.array:
            return x.reshape(batch, length, self.num_heads, size).transpose(0, 2, 1, 3)

        # The scale goes onto the queries: L x head size numbers instead of L x L.
        query = heads(self.query(states) * (1 / math.sqrt(size)))
        scores = query @ heads(self.key(states)).swapaxes(-1, -2)
        if bias is not None:
            scores = scores.astype(mx.float32) + bias
        weights = softmax(scores).astype(states.dtype)
        mixed = self.dropout(weights) @ heads(self.value(states))
        return mixed.transpose(0, 2, 1, 3).reshape(batch, length, hidden)


class ResidualOutput(nn.Module):
    """Linear map, dropout, residual sum, layer norm: how both halves of a layer end."""

    def __init__(self, input_size: int, config: BertConfig) -> None:
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

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = ResidualOutput(config.hidden_size, config)

    def __call__(self, states: mx.array, bias: mx.array | None) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        return self.output(self.self(states, bias), states)


class Intermediate(nn.Module):
    """The widening half of the feed-forward block."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = Linear(config.hidden_size, config.intermediate_size)

    def __call__(self, states: mx.array) -> mx.array:
        """`[B, L, H]` to `[B, L, intermediate_size]`."""
        return gelu(self.dense(states))


class Layer(nn.Module):
    """One transformer layer, normalised after each half."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Intermediate(config)
        self.output = ResidualOutput(config.intermediate_size, config)

    def __call__(self, states: mx.array, bias: mx.array | None) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        states = self.attention(states, bias)
        return self.output(self.intermediate(states), states)


class LayerStack(nn.Module):
    """The layers, in order."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.layer = [Layer(config) for _ in range(config.num_hidden_layers)]


class Pooler(nn.Module):
    """tanh of a linear map of the first token's state."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = Linear(config.hidden_size, config.hidden_size)

    def __call__(self, states: mx.array) -> mx.array:
        """`[B, L, H]` to `[B, H]`."""
        return mx.tanh(self.dense(states[:, 0]))


class BertEncoder(nn.Module):
    """A BERT encoder.

    Args:
        config: the sizes.
        pooler: whether the checkpoint has a pooler; classification heads here do not need one.

    Attributes:
        recompute: whether a layer's inner results are computed again in the backward pass instead
            of being kept, see `recomputed`.
    """

    def __init__(self, config: BertConfig, *, pooler: bool = False) -> None:
        super().__init__()
        self.config = config
        self.recompute = False
        self.embeddings = Embeddings(config)
        self.encoder = LayerStack(config)
        if pooler:
            self.pooler = Pooler(config)

    def __call__(
        self,
        input_ids: mx.array,
        attention_mask: mx.array | None = None,
        token_type_ids: mx.array | None = None,
    ) -> EncoderOutput:
        """Encode a batch of token ids.

        Args:
            input_ids: `[B, L]` integers.
            attention_mask: `[B, L]`, true or 1 where there is a token, false or 0 at padding.
            token_type_ids: `[B, L]` integers; all 0 by default.

        Returns:
            The token states and, where there is a pooler, its vector. Rows that are padding
            throughout give finite values, which mean nothing.

        Raises:
            ValueError: L is greater than the position embeddings of the model.
        """
        states = self.hidden_states(input_ids, attention_mask, token_type_ids)[-1]
        return EncoderOutput(states, self.pooler(states) if "pooler" in self else None)

    def hidden_states(
        self,
        input_ids: mx.array,
        attention_mask: mx.array | None = None,
        token_type_ids: mx.array | None = None,
    ) -> list[mx.array]:
        """The token states `[B, L, H]` after the embeddings and after each layer.

        Arguments and errors are those of a call.
        """
        embedded = self._embedded(input_ids, token_type_ids)
        return self._through(self.encoder.layer, embedded, attention_mask)

    def below(self, input_ids: mx.array, attention_mask: mx.array | None, layers: int) -> mx.array:
        """The token states `[B, L, H]` after the embeddings and the bottom layers.

        Args:
            input_ids: `[B, L]` integers.
            attention_mask: `[B, L]`.
            layers: how many; the embeddings alone with 0.

        Raises:
            ValueError: L is greater than the position embeddings of the model.
        """
        embedded = self._embedded(input_ids, None)
        return self._through(self.encoder.layer[:layers], embedded, attention_mask)[-1]

    def above(self, states: mx.array, attention_mask: mx.array | None, layers: int) -> mx.array:
        """The token states after the last layer, of what `below` gives for as many layers.

        Args:
            states: `[B, L, H]`; at padding anything finite.
            attention_mask: `[B, L]`.
            layers: how many are below.
        """
        return self._through(self.encoder.layer[layers:], states, attention_mask)[-1]

    def _embedded(self, input_ids: mx.array, token_type_ids: mx.array | None) -> mx.array:
        limit = self.config.max_position_embeddings
        if input_ids.ndim != 2 or input_ids.shape[1] > limit:
            raise ValueError(
                f"input_ids has shape {input_ids.shape}: expected [batch, length] with a length "
                f"of at most {limit}"
            )
        embedded: mx.array = self.embeddings(input_ids, token_type_ids)
        return embedded

    def _through(
        self, layers: Sequence[Layer], states: mx.array, attention_mask: mx.array | None
    ) -> list[mx.array]:
        """The states, and after each layer those that it makes of them."""
        bias = None
        if attention_mask is not None:
            # A large finite number, in fp32: -inf makes rows without any token NaN.
            bias = mx.where(attention_mask[:, None, None, :].astype(mx.bool_), 0.0, -1e9)
        every = [states]
        for layer in layers:
            run = partial(recomputed, layer) if self.recompute and self.training else layer
            every.append(run(every[-1], bias))
        return every
