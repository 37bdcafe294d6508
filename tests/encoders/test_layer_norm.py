"""The encoders' layer norm against float64 NumPy and MLX's own."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from bertplay.encoders.layer_norm import LayerNorm


@pytest.fixture
def both() -> tuple[LayerNorm, nn.LayerNorm]:
    """The layer and MLX's, with the same parameters."""
    ours, theirs = LayerNorm(12, eps=1e-12), nn.LayerNorm(12, eps=1e-12)
    parameters = {"weight": mx.random.normal((12,)), "bias": mx.random.normal((12,))}
    ours.update(parameters)
    theirs.update(parameters)
    return ours, theirs


def gradients(layer: nn.Module, x: mx.array, direction: mx.array):
    def projected(parameters, x):
        layer.update(parameters)
        return (layer(x) * direction).sum()

    return mx.grad(projected, argnums=(0, 1))(layer.parameters(), x)


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 1.0), (30.0, 1.0), (0.0, 1e-3), (-5.0, 1e3)])
def test_values_are_those_of_the_definition(both, mean, spread):
    layer, _ = both
    x = (np.random.default_rng(0).normal(size=(40, 12)) * spread + mean).astype(np.float32)

    got = np.array(layer(mx.array(x)), dtype=np.float64)

    wide = x.astype(np.float64)
    normalised = wide - wide.mean(axis=-1, keepdims=True)
    normalised /= np.sqrt(wide.var(axis=-1, keepdims=True) + 1e-12)
    expected = normalised * np.array(layer.weight) + np.array(layer.bias)
    np.testing.assert_allclose(got, expected, atol=2e-6 * (1 + abs(mean / spread)))


@pytest.mark.parametrize("shape", [(5, 12), (2, 3, 12)])
def test_gradients_are_those_of_mlx(both, shape):
    x, direction = mx.random.normal(shape), mx.random.normal(shape)

    (ours, our_inputs), (theirs, their_inputs) = (gradients(layer, x, direction) for layer in both)

    np.testing.assert_allclose(our_inputs, their_inputs, atol=1e-5)
    for name in ("weight", "bias"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5)


def test_a_row_of_equal_numbers_gives_the_bias_and_finite_gradients(both):
    layer, _ = both
    x = mx.full((1, 12), 3.0)

    np.testing.assert_allclose(layer(x)[0], layer.bias, atol=1e-4)
    _, inputs = gradients(layer, x, mx.ones((1, 12)))
    assert np.isfinite(np.array(inputs)).all()


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_half_precision_keeps_its_type_and_has_statistics_in_single(both, dtype):
    layer, _ = both
    x = (mx.random.normal((6, 12)) * 100).astype(dtype)
    expected = layer(x.astype(mx.float32))

    layer.set_dtype(dtype)
    got = layer(x)
    parameters, inputs = gradients(layer, x, mx.ones((6, 12), dtype=dtype))

    assert {got.dtype, inputs.dtype, parameters["weight"].dtype, parameters["bias"].dtype} == {
        dtype
    }
    np.testing.assert_allclose(np.array(got.astype(mx.float32)), np.array(expected), atol=0.05)
