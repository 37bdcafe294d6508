"""R-Drop's divergence against float64 NumPy, its identities, and its extremes."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.losses import r_drop_divergence

ROWS, CLASSES = 6, 4


def drawn(seed: int) -> np.ndarray:
    return 3 * np.random.default_rng(seed).normal(size=(ROWS, CLASSES))


def reference(logits: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(KL(p || q) + KL(q || p)) / 2 of each row, in float64 (Wu et al. 2021, equation 3)."""

    def softmax(z: np.ndarray) -> np.ndarray:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    p, q = softmax(logits), softmax(other)
    there, back = (p * np.log(p / q)).sum(axis=1), (q * np.log(q / p)).sum(axis=1)
    return (there + back) / 2


def divergence(logits: np.ndarray, other: np.ndarray, **options) -> np.ndarray:
    arrays = (mx.array(values, dtype=mx.float32) for values in (logits, other))
    return np.array(r_drop_divergence(*arrays, **options))


@given(seed=st.integers(0, 200), other=st.integers(201, 400))
def test_it_is_half_of_both_divergences(seed, other):
    expected = reference(drawn(seed), drawn(other))

    rows = divergence(drawn(seed), drawn(other), reduction="none")

    np.testing.assert_allclose(rows, expected, rtol=2e-5, atol=1e-6)
    assert divergence(drawn(seed), drawn(other)) == pytest.approx(expected.mean(), rel=2e-5)
    total = divergence(drawn(seed), drawn(other), reduction="sum")
    assert total == pytest.approx(expected.sum(), rel=2e-5)


@given(seed=st.integers(0, 200), shift=st.floats(-50, 50))
def test_it_is_0_between_equal_predictions_whatever_is_added_to_all_logits(seed, shift):
    rows = divergence(drawn(seed), drawn(seed) + shift, reduction="none")
    np.testing.assert_allclose(rows, 0.0, atol=1e-5)


def test_it_is_symmetric():
    one, other = drawn(0), drawn(1)
    assert divergence(one, other) == pytest.approx(divergence(other, one), rel=1e-6)


@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16])
@pytest.mark.parametrize("size", [10.0, 1e4])
def test_values_and_gradients_are_finite_at_extreme_logits(dtype, size):
    logits = mx.array([[size, -size, 0.0], [-size, size, size]]).astype(dtype)
    value, gradients = mx.value_and_grad(r_drop_divergence, argnums=(0, 1))(logits, -logits)
    assert value.dtype == mx.float32
    for array in (value, *gradients):
        assert np.isfinite(np.array(array.astype(mx.float32))).all()


def test_the_gradient_equals_finite_differences():
    logits, other = drawn(2), drawn(3)
    gradient = np.array(mx.grad(r_drop_divergence)(mx.array(logits), mx.array(other)))
    step = 1e-5
    for place in np.ndindex(logits.shape):
        moved = [logits.copy(), logits.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        up, down = (reference(values, other).mean() for values in moved)
        assert gradient[place] == pytest.approx((up - down) / (2 * step), abs=2e-4)


def test_rows_that_weigh_0_have_no_influence():
    logits, other = drawn(4), drawn(5)
    logits[0], other[1] = np.nan, np.inf
    weights = mx.array([0, 0, 1, 2, 1, 1])

    mean = divergence(logits, other, sample_weights=weights)

    expected = np.average(reference(logits[2:], other[2:]), weights=[1, 2, 1, 1])
    assert mean == pytest.approx(expected, rel=1e-5)


def test_compiled_equals_eager():
    arrays = mx.array(drawn(6)), mx.array(drawn(7))
    compiled = mx.compile(r_drop_divergence)(*arrays)
    assert compiled.item() == pytest.approx(r_drop_divergence(*arrays).item(), rel=1e-6)


@pytest.mark.parametrize(
    ("shapes", "options", "words"),
    [
        (((6, 4), (6, 3)), {}, "other_logits"),
        (((4,), (4,)), {}, "expected"),
        (((6, 4), (6, 4)), {"sample_weights": mx.ones(5)}, "sample_weights"),
        (((6, 4), (6, 4)), {"sample_weights": -mx.ones(6)}, "sample_weights"),
        (((6, 4), (6, 4)), {"reduction": "average"}, "reduction"),
    ],
)
def test_arguments_that_do_not_fit_are_named(shapes, options, words):
    with pytest.raises(ValueError, match=words):
        r_drop_divergence(*(mx.zeros(shape) for shape in shapes), **options)
