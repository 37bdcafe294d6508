"""The quantized linear map computes what MLX's does, and passes the same gradient on."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from bertplay.encoders.linear import Linear
from bertplay.encoders.quantized_linear import QuantizedLinear, dequantized

BITS = pytest.mark.parametrize("bits", [8, 4])


def both(bits: int) -> tuple[QuantizedLinear, nn.QuantizedLinear, mx.array]:
    """Ours, MLX's, and an input."""
    mx.random.seed(0)
    linear = Linear(64, 32)
    maps = (kind.from_linear(linear, 32, bits) for kind in (QuantizedLinear, nn.QuantizedLinear))
    return (*maps, mx.random.normal((3, 5, 64)))


@BITS
def test_it_computes_what_the_map_of_mlx_does(bits):
    ours, theirs, x = both(bits)
    np.testing.assert_allclose(np.array(ours(x)), np.array(theirs(x)), atol=1e-5)


@BITS
def test_it_passes_the_gradient_of_the_map_of_mlx_on(bits):
    ours, theirs, x = both(bits)
    one, other = (np.array(mx.grad(lambda x, f=f: mx.sin(f(x)).sum())(x)) for f in (ours, theirs))
    np.testing.assert_allclose(one, other, atol=1e-5)


@BITS
def test_its_weight_is_as_near_as_the_bits_allow(bits):
    linear = Linear(64, 32)
    weight = dequantized(QuantizedLinear.from_linear(linear, 32, bits))
    groups = np.array(linear.weight).reshape(32, 2, 32)
    step = (groups.max(axis=2) - groups.min(axis=2)) / (2**bits - 1)
    error = np.abs(np.array(weight) - np.array(linear.weight)).reshape(32, 2, 32).max(axis=2)
    assert (error <= step * 1.01).all()
    assert error.max() > 0
