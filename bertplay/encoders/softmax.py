"""Softmax over the last axis, cheap on the CPU as well.

MLX's CPU backend calls exp number by number, which costs more than the matrix products of
attention. There the powers of e are made of multiplications and one division instead, which
compile into one fused loop. On a GPU `mx.softmax` is used.
"""

from __future__ import annotations

from typing import cast

import mlx.core as mx

_SQUARINGS = 4
# The Taylor polynomial of e^u, highest power first.
_EXPONENTIAL = (1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1.0, 1.0)


def softmax(scores: mx.array) -> mx.array:
    """Softmax over the last axis.

    Args:
        scores: any shape and floating type; computed in fp32. A score that is lower than the
            highest of its row by more than the fp32 range gets 0, -inf included.

    Returns:
        The same shape and type, within 1e-6 of the exact values.
    """
    if mx.default_device() == mx.Device(mx.gpu):
        return mx.softmax(scores, axis=-1, precise=True)
    return cast("mx.array", _cpu_softmax(scores))


@mx.custom_function
def _cpu_softmax(scores: mx.array) -> mx.array:
    wide = scores.astype(mx.float32)
    powers = _power_of_e(wide - mx.max(wide, axis=-1, keepdims=True))
    return (powers * (1 / mx.sum(powers, axis=-1, keepdims=True))).astype(scores.dtype)


@_cpu_softmax.vjp
def _cpu_softmax_vjp(_: mx.array, cotangent: mx.array, shares: mx.array) -> mx.array:
    wide, direction = shares.astype(mx.float32), cotangent.astype(mx.float32)
    mean = mx.sum(wide * direction, axis=-1, keepdims=True)
    return (wide * (direction - mean)).astype(shares.dtype)


def _power_of_e(x: mx.array) -> mx.array:
    """e^x for x <= 0, as 1 / (e^(-x/16))^16: far out the power overflows and the result is 0."""
    u = x * (-1 / 2**_SQUARINGS)
    power = _EXPONENTIAL[0] * u + _EXPONENTIAL[1]
    for coefficient in _EXPONENTIAL[2:]:
        power = power * u + coefficient
    for _ in range(_SQUARINGS):
        power = power * power
    result: mx.array = 1 / power
    return result
