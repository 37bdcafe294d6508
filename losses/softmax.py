"""Softmax probabilities p, their surprisal -log p and complement 1 - p, all to full accuracy."""

from __future__ import annotations

from typing import NamedTuple

import mlx.core as mx

from bertplay.losses.class_numbers import class_numbers


class Softmax(NamedTuple):
    """Three views of the probabilities, `[N, C]` float32 each; what is not used costs nothing."""

    surprisal: mx.array  # -log p
    complement: mx.array  # 1 - p
    probability: mx.array  # p


def accurate_softmax(logits: mx.array) -> Softmax:
    """`-log p`, `1 - p` and p for p = softmax(logits), `[N, C]`.

    With m the class of the largest logit and `r = sum_{j != m} exp(z_j - z_m)`,
    `-log p_c = log1p(r) - (z_c - z_m)`, `1 - p_m = r / (1 + r)` and
    `1 - p_c = (1 + r - exp(z_c - z_m)) / (1 + r)`. Leaving m out of r is what keeps the values and
    their gradients accurate where p_m is near 1: there `1 - p_m` and `log(sum_j exp(z_j))` cancel.
    """
    z = logits.astype(mx.float32)
    is_top = class_numbers(z.shape[-1]) == mx.argmax(z, axis=-1, keepdims=True)
    # A sum, not max: tied logits must have one top, in the gradient as well.
    top = mx.sum(mx.where(is_top, z, 0.0), axis=-1, keepdims=True)
    # z_m - z_m as the constant 0, or its two gradients of about 1 would cancel in z_m.
    shifted = mx.where(is_top, 0.0, z - top)
    ratios = mx.where(is_top, 0.0, mx.exp(shifted))
    rest = mx.sum(ratios, axis=-1, keepdims=True)
    return Softmax(
        surprisal=mx.log1p(rest) - shifted,
        complement=mx.where(is_top, rest, 1.0 + rest - ratios) / (1.0 + rest),
        probability=mx.where(is_top, 1.0, ratios) / (1.0 + rest),
    )
