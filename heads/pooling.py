"""Pooling: from the states of a text's tokens to one vector.

Every function keeps the tokens whose mask is true (or nonzero), ignores what padding holds, even
NaN, and works in float32 whatever the states' dtype. A row without any token gives zeros, with
finite gradients.
"""

from __future__ import annotations

import math

import mlx.core as mx
import mlx.nn as nn

# The lowest finite float32: masking with -inf would put NaN into the gradients of empty rows.
_LOWEST = -3.4028234663852886e38


def cls_pool(hidden_states: mx.array, attention_mask: mx.array | None = None) -> mx.array:
    """The state of the first token, [CLS] in BERT (Devlin et al. 2019).

    The first token is the first one that the mask keeps, so padding on the left works too.

    Args:
        hidden_states: `[B, L, H]`, any floating dtype.
        attention_mask: `[B, L]`, bool or 0/1; None keeps every token.

    Returns:
        `[B, H]` float32.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    kept = _kept_tokens(hidden_states, attention_mask)
    if attention_mask is None:
        return hidden_states[:, 0].astype(mx.float32)
    first = mx.argmax(kept, axis=1, keepdims=True)
    states = mx.take_along_axis(hidden_states, first, axis=1)[:, 0].astype(mx.float32)
    return mx.where(mx.any(kept, axis=1), states, 0.0)


def mean_pool(hidden_states: mx.array, attention_mask: mx.array | None = None) -> mx.array:
    """The mean of the tokens' states: `sum_l m_l h_l / max(sum_l m_l, 1)`.

    Args:
        hidden_states: `[B, L, H]`, any floating dtype.
        attention_mask: `[B, L]`, bool or 0/1; None keeps every token.

    Returns:
        `[B, H]` float32.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    kept = _kept_tokens(hidden_states, attention_mask)
    states = mx.where(kept, hidden_states.astype(mx.float32), 0.0)
    tokens = mx.maximum(mx.sum(kept, axis=1).astype(mx.float32), 1.0)
    return mx.sum(states, axis=1) / tokens


def max_pool(hidden_states: mx.array, attention_mask: mx.array | None = None) -> mx.array:
    """The largest value of each feature over the tokens: `max_{l: m_l = 1} h_l`.

    Args:
        hidden_states: `[B, L, H]`, any floating dtype.
        attention_mask: `[B, L]`, bool or 0/1; None keeps every token.

    Returns:
        `[B, H]` float32.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    kept = _kept_tokens(hidden_states, attention_mask)
    largest = mx.max(mx.where(kept, hidden_states.astype(mx.float32), _LOWEST), axis=1)
    return mx.where(mx.any(kept, axis=1), largest, 0.0)


class AttentionPooling(nn.Module):
    """A mean weighted by learned attention: `sum_l softmax_l(h_l . q / sqrt(H)) h_l`.

    One learned query q, the attention of Yang et al. 2016 ("Hierarchical Attention Networks for
    Document Classification") without its hidden layer. q starts at zero, so that training starts
    from `mean_pool` exactly.

    Args:
        hidden_size: H, the number of features of a token's state.
    """

    def __init__(self, hidden_size: int):
        super().__init__()
        self.query = mx.zeros((hidden_size,))

    def __call__(self, hidden_states: mx.array, attention_mask: mx.array | None = None) -> mx.array:
        """Pool `[B, L, H]` with a `[B, L]` mask (None keeps every token) to `[B, H]` float32.

        Raises:
            ValueError: the shapes do not fit each other.
        """
        kept = _kept_tokens(hidden_states, attention_mask)
        states = mx.where(kept, hidden_states.astype(mx.float32), 0.0)
        scores = states @ self.query.astype(mx.float32) / math.sqrt(states.shape[-1])
        weights = mx.softmax(mx.where(kept[..., 0], scores, _LOWEST), axis=1)
        return mx.sum(weights[..., None] * states, axis=1)


def _kept_tokens(hidden_states: mx.array, attention_mask: mx.array | None) -> mx.array:
    """The mask as booleans `[B, L, 1]`, after a check of the shapes."""
    if hidden_states.ndim != 3:
        raise ValueError(f"hidden_states has shape {hidden_states.shape}: expected [B, L, H]")
    if attention_mask is None:
        return mx.ones((*hidden_states.shape[:2], 1), dtype=mx.bool_)
    if attention_mask.shape != hidden_states.shape[:2]:
        raise ValueError(
            f"attention_mask has shape {attention_mask.shape}: expected [B, L] = "
            f"{hidden_states.shape[:2]}, the first two axes of hidden_states"
        )
    return attention_mask.astype(mx.bool_)[..., None]
