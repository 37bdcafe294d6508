"""The exact (erf) GELU of Hendrycks & Gimpel (2016), cheap on the CPU as well.

MLX's CPU backend spends more time in erf and exp than in the matrix products around them, so there
both the value and the derivative are rational functions, which compile into one fused loop. On a
GPU erf is cheap and `mx.erf` is used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import mlx.core as mx

# Odd rational fits x P(x^2) / Q(x^2), lowest power first, made by benchmarks/fit_gelu.py.
# Beyond the bound the function has reached its limit of 1/2 in single precision.
_CDF_BOUND = 5.5  # normal cdf - 1/2: largest error 1.8e-7 in fp32
_CDF_P = (
    0.398942232131958,
    0.033851850777864456,
    0.004677200689911842,
    0.00016881580813787878,
    6.351889624056639e-06,
    2.2749063077753817e-08,
)
_CDF_Q = (
    1.0,
    0.25151991844177246,
    0.028645386919379234,
    0.0018843909492716193,
    7.364345947280526e-05,
    1.1974778999501723e-06,
)
_SLOPE_BOUND = 6.0  # derivative of GELU - 1/2: largest error 3.0e-7 in fp32
_SLOPE_P = (
    0.7978847026824951,
    -0.030763592571020126,
    0.014210563153028488,
    2.381246304139495e-05,
    3.5849872801918536e-05,
    1.9096144399100012e-07,
)
_SLOPE_Q = (
    1.0,
    0.29478123784065247,
    0.04105724021792412,
    0.003528336761519313,
    0.0001933704043040052,
    8.889586752047762e-06,
)


def gelu(x: mx.array) -> mx.array:
    """GELU: x times the standard normal distribution function of x.

    Args:
        x: any shape and floating type; computed in fp32.

    Returns:
        The same shape and type; within 1e-6 of the exact value for |x| <= 6, elsewhere to rounding.
    """
    if mx.default_device() == mx.Device(mx.gpu):
        return x * (0.5 + 0.5 * mx.erf(x / math.sqrt(2)))
    return cast("mx.array", _rational_gelu(x))


@mx.custom_function
def _rational_gelu(x: mx.array) -> mx.array:
    wide = x.astype(mx.float32)
    return (wide * (0.5 + _odd_rational(wide, _CDF_BOUND, _CDF_P, _CDF_Q))).astype(x.dtype)


@_rational_gelu.vjp
def _rational_gelu_vjp(x: mx.array, cotangent: mx.array, _: mx.array) -> mx.array:
    slope = 0.5 + _odd_rational(x.astype(mx.float32), _SLOPE_BOUND, _SLOPE_P, _SLOPE_Q)
    return (cotangent.astype(mx.float32) * slope).astype(x.dtype)


def _odd_rational(
    x: mx.array, bound: float, numerator: Sequence[float], denominator: Sequence[float]
) -> mx.array:
    x = mx.clip(x, -bound, bound)
    square = x * x
    return x * _polynomial(square, numerator) / _polynomial(square, denominator)


def _polynomial(x: mx.array, coefficients: Sequence[float]) -> mx.array:
    """Of degree 5, by Estrin's scheme: its graph is shallow enough to be fused into one loop."""
    c0, c1, c2, c3, c4, c5 = coefficients
    square = x * x
    return (c0 + c1 * x) + square * ((c2 + c3 * x) + square * (c4 + c5 * x))
