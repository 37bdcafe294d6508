"""Scaled dot-product attention over the tokens of each text."""

from __future__ import annotations

import math
from collections.abc import Callable

import mlx.core as mx

from bertplay.encoders.softmax import softmax

_MASKED = -1e9  # finite and in fp32: -inf makes rows without any token NaN


def attention_bias(allowed: mx.array) -> mx.array:
    """0 where a token may be attended to, and a large negative number where not, in fp32."""
    return mx.where(allowed, 0.0, _MASKED)


def padding_bias(attention_mask: mx.array | None) -> mx.array | None:
    """The bias `[B, 1, 1, L]` of a mask `[B, L]`, true or 1 where there is a token."""
    if attention_mask is None:
        return None
    return attention_bias(attention_mask[:, None, None, :].astype(mx.bool_))


def split_heads(states: mx.array, num_heads: int) -> mx.array:
    """`[..., L, H]` to `[..., A, L, H / A]` for A heads."""
    *rows, length, hidden = states.shape
    parts = states.reshape(*rows, length, num_heads, hidden // num_heads)
    return parts.swapaxes(-2, -3)


def attend(
    query: mx.array,
    key: mx.array,
    value: mx.array,
    bias: mx.array | None,
    dropout: Callable[[mx.array], mx.array],
) -> mx.array:
    """Attention of A heads of size D: `softmax(query key^T / sqrt(D) + bias) value`.

    Args:
        query: `[B, A, Q, D]`, of the tokens that read; mostly all, Q = L.
        key: `[B, A, L, D]`.
        value: `[B, A, L, D]`.
        bias: fp32, to be broadcast to `[B, A, Q, L]`; None for none.
        dropout: of the attention's weights.

    Returns:
        `[B, Q, A * D]`.

    Reference:
        Vaswani et al., Attention Is All You Need, 2017.
    """
    # The scale goes onto the queries: L x D numbers instead of L x L.
    scores = (query * (1 / math.sqrt(query.shape[-1]))) @ key.swapaxes(-1, -2)
    if bias is not None:
        scores = scores.astype(mx.float32) + bias
    return mixed(scores, value, dropout)


def mixed(scores: mx.array, value: mx.array, dropout: Callable[[mx.array], mx.array]) -> mx.array:
    """The values `[B, A, L, D]` mixed by the softmax of scores `[B, A, Q, L]`: `[B, Q, A * D]`."""
    weights = softmax(scores).astype(value.dtype)
    mixture = dropout(weights) @ value
    batch, heads, length, size = mixture.shape
    return mixture.swapaxes(1, 2).reshape(batch, length, heads * size)
