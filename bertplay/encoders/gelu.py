"""The exact (erf) GELU of Hendrycks & Gimpel (2016), cheap on the CPU as well.

MLX's CPU backend spends more time in erf and exp than in the matrix products around them, and its
`clip` and `where` cost more than a polynomial. So there the value and the derivative are made of
additions, multiplications, absolute values and divisions, which compile into fused loops. On a GPU
erf is cheap and `mx.erf` is used.
"""

from __future__ import annotations

import math
from typing import cast

import mlx.core as mx

from bertplay.device import on_gpu
from bertplay.encoders.power_of_e import power_of_e

# The upper tail of the normal distribution is 1 / (2 D(t)^16) for t >= 0, a form of Abramowitz &
# Stegun (1964), 7.1.28. Coefficients of D, lowest power first, made by benchmarks/fit_gelu.py.
_TAIL_DENOMINATOR = (
    1.0,
    0.04986540973186493,
    0.021151818335056305,
    0.0032576159574091434,
    5.406364653026685e-05,
    4.3144755181856453e-05,
    6.129974735813448e-06,
)
# Keeps y / x defined where x = 0; no activation has its size.
_TINY = 2.0**-120


def gelu(x: mx.array) -> mx.array:
    """GELU: x times the standard normal distribution function of x.

    Args:
        x: any shape and floating type, finite; computed in fp32.

    Returns:
        The same shape and type. On the CPU values are within 1e-6 of the exact ones and slopes
        within 2e-6.
    """
    if on_gpu():
        return x * (0.5 + 0.5 * mx.erf(x / math.sqrt(2)))
    return cast("mx.array", _cpu_gelu(x.astype(mx.float32))).astype(x.dtype)


@mx.custom_function
def _cpu_gelu(x: mx.array) -> mx.array:
    size = mx.abs(x)
    # max(x, 0) less what the tail takes away; far out the power overflows and the tail is 0.
    return 0.5 * x + 0.5 * size - size * _tail(size)


@_cpu_gelu.vjp
def _cpu_gelu_vjp(x: mx.array, cotangent: mx.array, y: mx.array) -> mx.array:
    # The value gives the distribution function, y / x, so nothing else is kept for the gradient.
    below = (y + 0.5 * _TINY) / (x + _TINY)
    density = power_of_e(-0.5 * (x * x)) * (1 / math.sqrt(2 * math.pi))
    return cotangent * (below + x * density)


def _tail(t: mx.array) -> mx.array:
    """The probability beyond t >= 0."""
    # Horner's scheme, as a chain is fused into one loop and a tree of the same size is not.
    power = _TAIL_DENOMINATOR[-1] * t + _TAIL_DENOMINATOR[-2]
    for coefficient in _TAIL_DENOMINATOR[-3::-1]:
        power = power * t + coefficient
    for _ in range(4):
        power = power * power
    return 0.5 / power
