"""The encoders' softmax against float64 NumPy and MLX's own."""

import mlx.core as mx
import numpy as np
import pytest

from bertplay.encoders.softmax import softmax


def exact(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("spread", [0.01, 1.0, 10.0, 100.0])
def test_values_are_within_two_millionths(spread):
    scores = np.random.default_rng(0).normal(size=(50, 40)) * spread

    got = np.array(softmax(mx.array(scores.astype(np.float32))), dtype=np.float64)

    expected = exact(scores.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(got, expected, atol=2e-6)
    np.testing.assert_allclose(got.sum(axis=-1), 1, atol=2e-6)


def test_small_shares_are_right_to_four_digits():
    scores = np.linspace(-10, 0, 1000, dtype=np.float32)[None]

    got = np.array(softmax(mx.array(scores)), dtype=np.float64)

    np.testing.assert_allclose(got, exact(scores.astype(np.float64)), rtol=1e-4)


@pytest.mark.parametrize("low", [-1e4, -1e9, -3e38, -np.inf])
def test_a_masked_score_gets_nothing_and_its_gradient_is_zero(low):
    scores = mx.array([[1.0, low, 0.5]])

    shares = np.array(softmax(scores))
    slopes = np.array(mx.grad(lambda s: (softmax(s) * mx.array([1.0, 2.0, 3.0])).sum())(scores))

    assert shares[0, 1] == 0
    assert slopes[0, 1] == 0
    np.testing.assert_allclose(shares[0, [0, 2]], exact(np.array([1.0, 0.5])), atol=1e-6)


def test_a_row_of_equally_low_scores_is_uniform():
    np.testing.assert_allclose(softmax(mx.full((2, 4), -1e9)), np.full((2, 4), 0.25), atol=1e-6)


def test_gradients_are_those_of_mlx():
    scores, direction = mx.random.normal((6, 7)), mx.random.normal((6, 7))

    got = mx.grad(lambda s: (softmax(s) * direction).sum())(scores)

    expected = mx.grad(lambda s: (mx.softmax(s, axis=-1) * direction).sum())(scores)
    np.testing.assert_allclose(got, expected, atol=2e-6)


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_half_precision_is_computed_in_single(dtype):
    scores = (mx.random.normal((4, 200)) * 3).astype(dtype)

    got = softmax(scores)

    expected = mx.softmax(scores.astype(mx.float32), axis=-1).astype(dtype)
    assert got.dtype == dtype
    np.testing.assert_allclose(
        np.array(got.astype(mx.float32)),
        np.array(expected.astype(mx.float32)),
        rtol=2**-7,
        atol=1e-7,
    )


def test_compiling_changes_nothing():
    scores = mx.random.normal((3, 5, 8))

    np.testing.assert_allclose(mx.compile(softmax)(scores), softmax(scores), atol=1e-7)
