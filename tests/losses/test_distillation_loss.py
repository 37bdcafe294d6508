"""The distillation loss against float64 NumPy, its identities, and its extremes."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.losses import cross_entropy, distillation_loss

ROWS, CLASSES = 6, 4
seeds = st.integers(0, 200)
temperatures = st.sampled_from([0.5, 1.0, 2.0, 7.5])


def drawn(seed: int) -> np.ndarray:
    return 3 * np.random.default_rng(seed).normal(size=(ROWS, CLASSES))


def reference(logits: np.ndarray, teacher_logits: np.ndarray, temperature: float) -> np.ndarray:
    """T^2 KL(q || p) of each row at temperature T, in float64 (Hinton et al. 2015, section 2)."""

    def softmax(z: np.ndarray) -> np.ndarray:
        e = np.exp((z - z.max(axis=1, keepdims=True)) / temperature)
        return e / e.sum(axis=1, keepdims=True)

    p, q = softmax(logits), softmax(teacher_logits)
    return temperature**2 * (q * np.log(q / p)).sum(axis=1)


def loss(logits: np.ndarray, teacher_logits: np.ndarray, **options) -> np.ndarray:
    arrays = (mx.array(values, dtype=mx.float32) for values in (logits, teacher_logits))
    return np.array(distillation_loss(*arrays, **options))


@given(seed=seeds, teacher=seeds, temperature=temperatures)
def test_it_is_the_divergence_from_the_teacher_at_the_temperature(seed, teacher, temperature):
    expected = reference(drawn(seed), drawn(teacher), temperature)
    options = {"temperature": temperature}

    rows = loss(drawn(seed), drawn(teacher), reduction="none", **options)

    tolerance = {"rtol": 2e-5, "atol": 1e-6 * max(temperature**2, 1)}
    np.testing.assert_allclose(rows, expected, **tolerance)
    mean = loss(drawn(seed), drawn(teacher), **options)
    np.testing.assert_allclose(mean, expected.mean(), **tolerance)


@given(seed=seeds, shift=st.floats(-50, 50), temperature=temperatures)
def test_it_is_0_where_both_agree_whatever_is_added_to_all_logits(seed, shift, temperature):
    rows = loss(drawn(seed), drawn(seed) + shift, temperature=temperature, reduction="none")
    np.testing.assert_allclose(rows, 0.0, atol=1e-5 * max(temperature**2, 1))


@given(seed=seeds, teacher=seeds)
def test_probabilities_of_the_teacher_serve_as_well_as_its_logits(seed, teacher):
    logits = drawn(teacher)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    assert loss(drawn(seed), log_probabilities) == pytest.approx(
        loss(drawn(seed), logits), rel=1e-4, abs=1e-5
    )


@given(seed=seeds)
def test_of_a_certain_teacher_at_temperature_1_it_is_cross_entropy(seed):
    targets = np.arange(ROWS) % CLASSES
    certain = 100.0 * np.eye(CLASSES)[targets]
    expected = cross_entropy(mx.array(drawn(seed), dtype=mx.float32), mx.array(targets)).item()
    assert loss(drawn(seed), certain, temperature=1.0) == pytest.approx(expected, rel=1e-5)


@given(seed=seeds)
def test_at_a_high_temperature_its_gradient_is_that_of_the_squared_error_of_centred_logits(seed):
    """Hinton et al. 2015, equation 4, times the T^2 of the loss: (z_i - v_i) / C for each row."""
    logits, teacher = drawn(seed), drawn(seed + 1)
    centred = [values - values.mean(axis=1, keepdims=True) for values in (logits, teacher)]
    expected = (centred[0] - centred[1]) / CLASSES / ROWS

    arrays = (mx.array(values, dtype=mx.float32) for values in (logits, teacher))
    gradient = mx.grad(lambda z, v: distillation_loss(z, v, temperature=1000.0))(*arrays)

    np.testing.assert_allclose(np.array(gradient), expected, rtol=0.05, atol=3e-3)


def test_no_gradient_flows_to_the_teacher():
    arrays = mx.array(drawn(0)), mx.array(drawn(1))
    assert not np.array(mx.grad(distillation_loss, argnums=1)(*arrays)).any()


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_gradient_equals_finite_differences(temperature):
    logits, teacher = drawn(2), drawn(3)
    gradient = np.array(
        mx.grad(lambda z: distillation_loss(z, mx.array(teacher), temperature=temperature))(
            mx.array(logits)
        )
    )
    step = 1e-5
    for place in np.ndindex(logits.shape):
        moved = [logits.copy(), logits.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        up, down = (reference(values, teacher, temperature).mean() for values in moved)
        assert gradient[place] == pytest.approx((up - down) / (2 * step), abs=2e-4)


@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16])
@pytest.mark.parametrize("size", [10.0, 1e4])
def test_values_and_gradients_are_finite_at_extreme_logits(dtype, size):
    logits = mx.array([[size, -size, 0.0], [-size, size, size]]).astype(dtype)
    value, gradient = mx.value_and_grad(distillation_loss)(logits, -logits)
    assert value.dtype == mx.float32
    assert gradient.dtype == dtype
    for array in (value, gradient):
        assert np.isfinite(np.array(array.astype(mx.float32))).all()


def test_rows_that_weigh_0_have_no_influence():
    logits, teacher = drawn(4), drawn(5)
    logits[0], teacher[1] = np.nan, np.inf
    weights = mx.array([0, 0, 1, 2, 1, 1])

    mean = loss(logits, teacher, sample_weights=weights)

    expected = np.average(reference(logits[2:], teacher[2:], 2.0), weights=[1, 2, 1, 1])
    assert mean == pytest.approx(expected, rel=1e-5)


def test_compiled_equals_eager():
    arrays = mx.array(drawn(6)), mx.array(drawn(7))
    compiled = mx.compile(distillation_loss)(*arrays)
    assert compiled.item() == pytest.approx(distillation_loss(*arrays).item(), rel=1e-6)


@pytest.mark.parametrize(
    ("shapes", "options", "words"),
    [
        (((6, 4), (6, 3)), {}, "teacher_logits"),
        (((4,), (4,)), {}, "expected"),
        (((6, 4), (6, 4)), {"temperature": 0.0}, "temperature"),
        (((6, 4), (6, 4)), {"temperature": float("inf")}, "temperature"),
        (((6, 4), (6, 4)), {"sample_weights": mx.ones(5)}, "sample_weights"),
        (((6, 4), (6, 4)), {"reduction": "average"}, "reduction"),
    ],
)
def test_arguments_that_do_not_fit_are_named(shapes, options, words):
    with pytest.raises(ValueError, match=words):
        distillation_loss(*(mx.zeros(shape) for shape in shapes), **options)
