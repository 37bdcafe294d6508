"""GELU against the error function in double precision."""

import math

import mlx.core as mx
import numpy as np
import pytest

from bertplay.encoders import gelu

X = np.concatenate([np.linspace(-12, 12, 24001), [-1e4, 1e4, 0.0]])


def exact(x: float) -> float:
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


def exact_slope(x: float) -> float:
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return 0.5 * (1 + math.erf(x / math.sqrt(2))) + x * density


def test_values_are_exact_to_a_millionth():
    got = np.array(gelu(mx.array(X, dtype=mx.float32)), dtype=np.float64)
    wanted = np.array([exact(x) for x in X])
    assert np.abs((got - wanted) / np.maximum(np.abs(X), 1)).max() < 1e-6


def test_slopes_are_exact_to_two_millionths():
    got = np.array(mx.grad(lambda x: gelu(x).sum())(mx.array(X, dtype=mx.float32)))
    assert np.abs(got - np.array([exact_slope(x) for x in X])).max() < 2e-6


def test_the_largest_numbers_give_themselves_or_zero():
    assert gelu(mx.array([3e38, -3e38])).tolist() == [mx.array(3e38).item(), 0.0]


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16], ids=str)
def test_half_precision_is_single_precision_rounded(dtype):
    x = mx.linspace(-8, 8, 1001).astype(dtype)
    assert mx.array_equal(gelu(x), gelu(x.astype(mx.float32)).astype(dtype))


def test_the_gradient_is_the_same_when_compiled():
    x = mx.linspace(-8, 8, 1001)
    slope = mx.grad(lambda x: gelu(x).sum())
    assert mx.allclose(mx.compile(slope)(x), slope(x), atol=1e-6)
