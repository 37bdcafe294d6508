"""Softmax over the last axis, cheap on the CPU as well.

On MLX's CPU backend `mx.softmax` costs more than the matrix products of attention, as it calls exp
number by number. On a GPU it is used.
"""

from __future__ import annotations

from typing import cast

import mlx.core as mx

from bertplay.device import on_gpu
from bertplay.encoders.power_of_e import power_of_e


def softmax(scores: mx.array) -> mx.array:
    """Softmax over the last axis.

    Args:
        scores: any shape and floating type; computed in fp32. A score that is lower than the
            highest of its row by more than 100 gets next to nothing, one of -inf gets 0.

    Returns:
        The same shape and type, within 2e-6 of the exact values.
    """
    if on_gpu():
        return mx.softmax(scores, axis=-1, precise=True)
    return cast("mx.array", _cpu_softmax(scores.astype(mx.float32))).astype(scores.dtype)


@mx.custom_function
def _cpu_softmax(scores: mx.array) -> mx.array:
    powers = power_of_e(scores - mx.max(scores, axis=-1, keepdims=True))
    return powers * (1 / mx.sum(powers, axis=-1, keepdims=True))


@_cpu_softmax.vjp
def _cpu_softmax_vjp(_: mx.array, cotangent: mx.array, shares: mx.array) -> mx.array:
    return shares * (cotangent - mx.sum(shares * cotangent, axis=-1, keepdims=True))
