"""Losses of numbers against float64 NumPy, their identities, and at their extremes."""

from functools import partial

import mlx.core as mx
import numpy as np
import pytest
from float64_reference import finite_differences
from hypothesis import given
from hypothesis import strategies as st

from bertplay.losses import concordance_loss, huber_loss, mean_squared_error

ROWS, NUMBERS = 6, 3


def reduced(values, weights, reduction):
    if reduction == "none":
        return weights * values
    return (weights * values).sum() / (1.0 if reduction == "sum" else weights.sum())


def weights_of(sample_weights, x):
    return np.ones(len(x)) if sample_weights is None else np.asarray(sample_weights, np.float64)


def reference_squared(x, y, *, sample_weights=None, reduction="mean"):
    return reduced(((x - y) ** 2).mean(axis=1), weights_of(sample_weights, x), reduction)


def reference_huber(x, y, *, delta, sample_weights=None, reduction="mean"):
    """Huber 1964, as PyTorch's documentation of HuberLoss has it."""
    e = np.abs(x - y)
    terms = np.where(e <= delta, e**2 / 2, delta * (e - delta / 2))
    return reduced(terms.mean(axis=1), weights_of(sample_weights, x), reduction)


def reference_concordance(x, y, *, sample_weights=None, reduction="mean"):
    """Lin 1989, with the moments of weighted rows."""
    s = weights_of(sample_weights, x)
    losses = []
    for own, wanted in zip(x.T, y.T, strict=True):
        means = np.average(own, weights=s), np.average(wanted, weights=s)
        covariance = np.average((own - means[0]) * (wanted - means[1]), weights=s)
        variances = [
            np.average((values - mean) ** 2, weights=s)
            for values, mean in zip((own, wanted), means, strict=True)
        ]
        losses.append(1 - 2 * covariance / (sum(variances) + (means[0] - means[1]) ** 2))
    return {"none": np.array(losses), "sum": np.sum(losses), "mean": np.mean(losses)}[reduction]


CASES = {
    "squared": (mean_squared_error, reference_squared),
    "huber 0.3": (partial(huber_loss, delta=0.3), partial(reference_huber, delta=0.3)),
    "huber 2": (partial(huber_loss, delta=2.0), partial(reference_huber, delta=2.0)),
    "concordance": (concordance_loss, reference_concordance),
}
every_case = pytest.mark.parametrize(("loss", "reference"), CASES.values(), ids=CASES)


def batch(seed=0, rows=ROWS):
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(2, rows, NUMBERS)).astype(np.float32)
    return x, y, random.uniform(0.25, 2.0, size=rows).astype(np.float32)


@every_case
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_the_value_is_that_of_the_float64_reference(loss, reference, reduction):
    x, y, weights = batch()
    for rows in ({}, {"sample_weights": weights}):
        arrays = {name: mx.array(value) for name, value in rows.items()}
        found = loss(mx.array(x), mx.array(y), reduction=reduction, **arrays)
        expected = reference(
            x.astype(np.float64), y.astype(np.float64), reduction=reduction, **rows
        )
        assert found.dtype == mx.float32
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


@every_case
def test_the_gradient_is_that_of_the_float64_reference_by_finite_differences(loss, reference):
    x, y, weights = batch(seed=1)
    gradient = mx.grad(lambda a: loss(a, mx.array(y), sample_weights=mx.array(weights)))(
        mx.array(x)
    )
    expected = finite_differences(
        lambda a: reference(a, y.astype(np.float64), sample_weights=weights), x.astype(np.float64)
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


@every_case
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_values_and_gradients_are_finite_at_extreme_predictions(loss, reference, dtype):
    x = mx.array([[1e4, -1e4], [-1e4, 1e4], [0.0, 0.0]], dtype=dtype)
    value, gradient = mx.value_and_grad(loss)(x, mx.zeros((3, 2)))
    assert value.dtype == mx.float32
    assert np.isfinite(value.item())
    assert np.isfinite(np.array(gradient.astype(mx.float32))).all()


@every_case
def test_rows_of_weight_zero_do_not_exist_whatever_they_hold(loss, reference):
    x, y, weights = batch()
    padded = mx.array(np.concatenate([x, np.full((1, NUMBERS), np.nan, np.float32)]))
    padded_y = mx.array(np.concatenate([y, np.full((1, NUMBERS), np.inf, np.float32)]))
    padded_weights = mx.array(np.append(weights, 0.0).astype(np.float32))

    value, gradient = mx.value_and_grad(lambda a: loss(a, padded_y, sample_weights=padded_weights))(
        padded
    )

    expected = loss(mx.array(x), mx.array(y), sample_weights=mx.array(weights))
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    assert (np.array(gradient)[-1] == 0).all()


@every_case
def test_compiled_and_eager_steps_agree(loss, reference):
    x, y, weights = map(mx.array, batch())

    def step(x, y, weights):
        return mx.value_and_grad(lambda a: loss(a, y, sample_weights=weights))(x)

    for found, expected in zip(mx.compile(step)(x, y, weights), step(x, y, weights), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@every_case
def test_it_is_0_for_perfect_predictions_and_a_batch_that_weighs_nothing(loss, reference):
    x, y, _ = map(mx.array, batch())
    assert loss(x, x).item() == 0
    assert loss(x, y, sample_weights=mx.zeros(ROWS)).item() == 0


def test_huber_is_half_of_the_squared_error_where_all_errors_are_small():
    x, y, _ = map(mx.array, batch())
    assert huber_loss(x, y, delta=1e3).item() == pytest.approx(
        mean_squared_error(x, y).item() / 2, rel=1e-6
    )


@given(seed=st.integers(0, 200), factor=st.floats(0.1, 5.0))
def test_concordance_lies_between_0_and_2_and_is_symmetric(seed, factor):
    x, y, _ = batch(seed)
    there, back = (
        concordance_loss(mx.array(a), mx.array(b)).item()
        for a, b in ((factor * x, y), (y, factor * x))
    )
    assert there == pytest.approx(back, rel=1e-5, abs=1e-6)
    assert 0 <= there <= 2 + 1e-6


def test_a_shift_or_a_factor_costs_concordance_though_the_correlation_stays_1():
    x, _, _ = batch()
    for changed in (x + 1.0, 0.5 * x):
        assert concordance_loss(mx.array(changed), mx.array(x)).item() > 0.1


def test_constant_predictions_have_no_concordance_and_a_gradient():
    y = mx.array([[0.0], [1.0]])
    value, gradient = mx.value_and_grad(concordance_loss)(mx.full((2, 1), 0.5), y)
    assert value.item() == pytest.approx(1.0)
    assert gradient[0, 0].item() > 0 > gradient[1, 0].item()


@pytest.mark.parametrize("loss", [mean_squared_error, huber_loss, concordance_loss])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"predictions": mx.zeros(3)}, r"predictions has shape \(3,\).*\[N, D\]"),
        ({"predictions": mx.zeros((2, 3), mx.int32)}, "int32: expected floats"),
        ({"targets": mx.zeros((2, 2))}, r"targets has shape \(2, 2\): expected \(2, 3\)"),
        ({"sample_weights": mx.ones(3)}, "sample_weights has shape"),
        ({"reduction": "average"}, "reduction is 'average'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(loss, arguments, message):
    with pytest.raises(ValueError, match=message):
        loss(**{"predictions": mx.zeros((2, 3)), "targets": mx.zeros((2, 3)), **arguments})


def test_a_delta_of_0_is_refused():
    with pytest.raises(ValueError, match="delta is 0: expected a number greater than 0"):
        huber_loss(mx.zeros((2, 3)), mx.zeros((2, 3)), delta=0.0)
