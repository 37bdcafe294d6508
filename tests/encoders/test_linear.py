"""The encoders' linear map: MLX's own values and gradients, laid out for the optimizer."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from bertplay.encoders.linear import Linear


@pytest.fixture
def both() -> tuple[Linear, nn.Linear]:
    """The map and MLX's, with the same parameters."""
    ours, theirs = Linear(6, 4), nn.Linear(6, 4)
    theirs.update(ours.parameters())
    return ours, theirs


def value_and_gradients(layer: nn.Linear, x: mx.array, direction: mx.array):
    value = layer(x)

    def projected(parameters, x):
        layer.update(parameters)
        return (layer(x) * direction).sum()

    return value, mx.grad(projected, argnums=(0, 1))(layer.parameters(), x)


@pytest.mark.parametrize("shape", [(5, 6), (2, 3, 6), (2, 2, 3, 6)])
def test_values_and_gradients_are_those_of_mlx(both, shape):
    x, direction = mx.random.normal(shape), mx.random.normal((*shape[:-1], 4))

    (value, (parameters, inputs)), (expected, (their_parameters, their_inputs)) = (
        value_and_gradients(layer, x, direction) for layer in both
    )

    np.testing.assert_allclose(value, expected, atol=1e-6)
    np.testing.assert_allclose(inputs, their_inputs, atol=1e-6)
    for name in ("weight", "bias"):
        np.testing.assert_allclose(parameters[name], their_parameters[name], atol=1e-5)


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_the_gradients_keep_the_weights_type(dtype):
    layer = Linear(6, 4)
    layer.set_dtype(dtype)
    x = mx.random.normal((5, 6)).astype(dtype)

    value, (parameters, inputs) = value_and_gradients(layer, x, mx.ones((5, 4), dtype=dtype))

    assert {value.dtype, inputs.dtype, parameters["weight"].dtype, parameters["bias"].dtype} == {
        dtype
    }


def test_the_weights_gradient_lies_in_memory_as_the_weight_does(both):
    layer, _ = both

    _, (parameters, _) = value_and_gradients(layer, mx.ones((5, 6)), mx.ones((5, 4)))

    gradient = np.array(parameters["weight"], copy=False)
    assert gradient.strides == np.array(layer.weight, copy=False).strides
