"""`TextClassifier`: an encoder and a head, from token ids to logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from bertplay.heads.classification import ClassificationHeadV2
from bertplay.heads.pooling import cls_pool


class TextClassifier(nn.Module):
    """A classifier of texts: `logits = head(encoder(input_ids, attention_mask), attention_mask)`.

    The encoder's dropout follows `train()` and `eval()`. The loss and the diagnostics are the
    head's: `classifier.head.compute_loss(logits, labels)`.

    Args:
        encoder: called as `encoder(input_ids, attention_mask)`; returns the hidden states
            `[B, L, H]`, or an object that holds them as `last_hidden_state`. Where it is an
            `nn.Module` its weights are trained along with the head's.
        head: makes logits of the hidden states.
    """

    def __init__(self, encoder: Callable[..., Any], head: ClassificationHeadV2):
        super().__init__()
        self.encoder = encoder
        self.head = head

    def __call__(self, input_ids: mx.array, attention_mask: mx.array | None = None) -> mx.array:
        """Logits `[B, C]` float32 of token ids `[B, L]` and their mask `[B, L]` (None: all)."""
        return self.head(*self._read(input_ids, attention_mask))

    def predict_proba(
        self, input_ids: mx.array, attention_mask: mx.array | None = None
    ) -> mx.array:
        """Probabilities `[B, C]` of token ids `[B, L]`; call `eval()` first.

        The head uses no dropout here, but the encoder's still follows `train()` and `eval()`.
        """
        return self.head.predict_proba(*self._read(input_ids, attention_mask))

    def _read(
        self, input_ids: mx.array, attention_mask: mx.array | None
    ) -> tuple[mx.array, mx.array | None]:
        """The states that the head is to read, and their mask."""
        first_states = getattr(self.encoder, "first_states", None)
        if self.head.pool is cls_pool and first_states is not None:
            # A text without any token keeps its mask, so that it is pooled to zeros.
            any_token = None if attention_mask is None else mx.any(attention_mask, 1, keepdims=True)
            return first_states(input_ids, attention_mask), any_token
        output = self.encoder(input_ids, attention_mask)
        return getattr(output, "last_hidden_state", output), attention_mask
