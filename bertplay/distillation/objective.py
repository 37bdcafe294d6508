"""What a student is asked for: the teacher's states, its sentence embeddings, and masked words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx

from bertplay.heads import mean_pool
from bertplay.losses import cross_entropy


@dataclass(frozen=True)
class Weights:
    """How much each part counts."""

    hidden: float
    sentence: float
    masked: float


def hidden_error(
    student: Sequence[mx.array], teacher: Sequence[mx.array], attention_mask: mx.array
) -> mx.array:
    """The share of the teacher's variance that the student misses, a scalar; 0 is a copy.

    For each pair of layers `sum_t |s_t - h_t|^2 / sum_t |h_t - mean h|^2` over the tokens t, and
    the mean over the pairs: the mean squared error of TinyBERT (Jiao et al. 2020), in units that
    are the same for every teacher and layer.

    Args:
        student: states `[B, L, H]` of each layer that is compared.
        teacher: states `[B, L, H]` of the teacher's layers.
        attention_mask: `[B, L]`, true for a token.
    """
    kept = attention_mask[..., None].astype(mx.float32)
    tokens = mx.sum(kept)
    errors = []
    for own, wanted in zip(student, teacher, strict=True):
        mean = mx.sum(wanted * kept, axis=(0, 1)) / tokens
        missed = mx.sum(mx.square(own - wanted) * kept)
        errors.append(missed / mx.sum(mx.square(wanted - mean) * kept))
    return mx.stack(errors).mean()


def sentence_similarity(student: mx.array, teacher: mx.array, attention_mask: mx.array) -> mx.array:
    """The cosine between the mean states of student and teacher, `[B]`.

    The mean over the tokens is the sentence embedding of Reimers & Gurevych (2019).

    Args:
        student: last states `[B, L, H]`, in the teacher's size.
        teacher: last states `[B, L, H]`.
        attention_mask: `[B, L]`, true for a token.
    """
    own, wanted = mean_pool(student, attention_mask), mean_pool(teacher, attention_mask)
    lengths = mx.linalg.norm(own, axis=-1) * mx.linalg.norm(wanted, axis=-1)
    return mx.sum(own * wanted, axis=-1) / mx.maximum(lengths, 1e-9)


def masked_word_loss(logits: mx.array, labels: mx.array, weights: mx.array) -> mx.array:
    """Cross-entropy at the masked places, a scalar in nats (Devlin et al. 2019).

    Args:
        logits: `[M, V]`.
        labels: `[M]` the pieces that were masked.
        weights: `[M]`, 0 for places that only fill the batch up.
    """
    return cross_entropy(logits, labels, sample_weights=weights)
