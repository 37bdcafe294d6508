"""The exact (erf) GELU of Hendrycks & Gimpel (2016), cheap on the CPU as well.

MLX's CPU backend spends more time in erf and exp than in the matrix products around them, and its
`clip` and `where` cost more than a polynomial. So there the value and the derivative are made of
additions, multiplications, absolute values and one division each, which compile into one fused
loop. On a GPU erf is cheap and `mx.erf` is used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import mlx.core as mx

# The upper tail of the normal distribution is 1 / (2 D(t)^16) for t >= 0, a form of Abramowitz &
# Stegun (1964), 7.1.28; and its own derivative's share of GELU's slope is N(t) / (2 D(t)^16).
# Coefficients, lowest power first, made by benchmarks/fit_gelu.py.
_TAIL_DENOMINATOR = (
    1.0,
    0.04986540973186493,
    0.021151818335056305,
    0.0032576159574091434,
    5.406364653026685e-05,
    4.3144755181856453e-05,
    6.129974735813448e-06,
)
_SLOPE_NUMERATOR = (
    1.0,
    -0.7979862689971924,
    -0.6357365846633911,
    -0.1116543635725975,
    0.022958921268582344,
    -0.0028904627542942762,
    0.0001697781844995916,
)


def gelu(x: mx.array) -> mx.array:
    """GELU: x times the standard normal distribution function of x.

    Args:
        x: any shape and floating type; computed in fp32.

    Returns:
        The same shape and type. On the CPU values are within 1e-6 of the exact ones and slopes
        within 2e-6; the slope is defined for |x| < 1e6.
    """
    if mx.default_device() == mx.Device(mx.gpu):
        return x * (0.5 + 0.5 * mx.erf(x / math.sqrt(2)))
    return cast("mx.array", _cpu_gelu(x))


@mx.custom_function
def _cpu_gelu(x: mx.array) -> mx.array:
    wide = x.astype(mx.float32)
    size = mx.abs(wide)
    # max(x, 0) less what the tail takes away; far out the power overflows and the tail is 0.
    return (0.5 * wide + 0.5 * size - size * _tail(size)).astype(x.dtype)


@_cpu_gelu.vjp
def _cpu_gelu_vjp(x: mx.array, cotangent: mx.array, _: mx.array) -> mx.array:
    wide = x.astype(mx.float32)
    size = mx.abs(wide)
    slope = 0.5 + mx.sign(wide) * (0.5 - _polynomial(size, _SLOPE_NUMERATOR) * _tail(size))
    return (cotangent.astype(mx.float32) * slope).astype(x.dtype)


def _tail(t: mx.array) -> mx.array:
    """The probability beyond t >= 0."""
    power = _polynomial(t, _TAIL_DENOMINATOR)
    for _ in range(4):
        power = power * power
    return 0.5 / power


def _polynomial(x: mx.array, coefficients: Sequence[float]) -> mx.array:
    """By Horner's scheme: a chain is fused into one loop, a tree of the same size is not."""
    total = coefficients[-1] * x + coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        total = total * x + coefficient
    return total
