"""Multi-label losses against float64 NumPy from their papers, PyTorch, and at their extremes."""

from functools import partial

import mlx.core as mx
import numpy as np
import pytest
from float64_reference import finite_differences

from bertplay.losses import asymmetric_loss, binary_cross_entropy, sigmoid_focal_loss

ROWS, CLASSES = 5, 3


def softplus(z):
    return np.logaddexp(z, 0.0)


def sigmoid(z):
    return np.exp(-softplus(-z))


def reduced(per_row, sample_weights, reduction):
    s = np.ones(len(per_row)) if sample_weights is None else np.asarray(sample_weights, np.float64)
    if reduction == "none":
        return s * per_row
    return (s * per_row).sum() / (1.0 if reduction == "sum" else s.sum())


def reference_bce(z, y, *, pos_weight=None, sample_weights=None, reduction="mean"):
    w = np.ones(z.shape[1]) if pos_weight is None else np.asarray(pos_weight)
    terms = w * y * softplus(-z) + (1 - y) * softplus(z)
    return reduced(terms.mean(axis=1), sample_weights, reduction)


def reference_focal(z, y, *, gamma, alpha, sample_weights=None, reduction="mean"):
    """Lin et al. 2017, equation 5, for each class's yes and no."""
    yes, no = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)
    terms = yes * y * sigmoid(-z) ** gamma * softplus(-z)
    terms = terms + no * (1 - y) * sigmoid(z) ** gamma * softplus(z)
    return reduced(terms.mean(axis=1), sample_weights, reduction)


def reference_asymmetric(
    z, y, *, gamma_positive, gamma_negative, margin, sample_weights=None, reduction="mean"
):
    """Ridnik et al. 2021, equations 4, 5 and 7."""
    shifted = np.maximum(sigmoid(z) - margin, 0)
    terms = y * sigmoid(-z) ** gamma_positive * softplus(-z)
    surprise = softplus(z) if margin == 0 else -np.log1p(-shifted)
    terms = terms + (1 - y) * shifted**gamma_negative * surprise
    return reduced(terms.mean(axis=1), sample_weights, reduction)


CASES = {
    f"{function.__name__}{list(options.values())}": (
        partial(function, **options),
        partial(reference, **options),
    )
    for function, reference, all_options in (
        (
            binary_cross_entropy,
            reference_bce,
            [{}, {"pos_weight": 2.5}, {"pos_weight": [0.5, 1.0, 30.0]}],
        ),
        (
            sigmoid_focal_loss,
            reference_focal,
            [{"gamma": g, "alpha": a} for g in (0.0, 0.5, 2.0) for a in (None, 0.25)],
        ),
        (
            asymmetric_loss,
            reference_asymmetric,
            [
                {"gamma_positive": p, "gamma_negative": n, "margin": m}
                for p, n in ((0.0, 0.0), (1.0, 4.0))
                for m in (0.0, 0.05)
            ],
        ),
    )
    for options in all_options
}
every_case = pytest.mark.parametrize(("loss", "reference"), CASES.values(), ids=CASES)


def batch(seed=0, rows=ROWS):
    random = np.random.default_rng(seed)
    z = random.normal(scale=2.0, size=(rows, CLASSES)).astype(np.float32)
    y = random.integers(0, 2, size=(rows, CLASSES)).astype(np.float32)
    weights = random.uniform(0.25, 2.0, size=rows).astype(np.float32)
    return z, y, weights


@every_case
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("soft", [False, True], ids=["yes or no", "between"])
def test_the_value_is_that_of_the_float64_reference(loss, reference, reduction, soft):
    z, y, weights = batch()
    y = np.abs(y - 0.3).astype(np.float32) if soft else y
    for rows in ({}, {"sample_weights": weights}):
        arrays = {name: mx.array(value) for name, value in rows.items()}
        found = loss(mx.array(z), mx.array(y), reduction=reduction, **arrays)
        expected = reference(z.astype(np.float64), y, reduction=reduction, **rows)
        assert found.dtype == mx.float32
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-7)


@every_case
def test_the_gradient_is_that_of_the_float64_reference_by_finite_differences(loss, reference):
    z, y, weights = batch(seed=1, rows=3)
    gradient = mx.grad(lambda a: loss(a, mx.array(y), sample_weights=mx.array(weights)))(
        mx.array(z)
    )
    expected = finite_differences(
        lambda a: reference(a, y, sample_weights=weights), z.astype(np.float64)
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


@every_case
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_values_and_gradients_are_finite_at_extreme_logits(loss, reference, dtype):
    z = mx.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 50.0]], dtype=dtype)
    for y in (mx.ones((2, 3)), mx.zeros((2, 3)), mx.full((2, 3), 0.5)):
        value, gradient = mx.value_and_grad(loss)(z, y)
        assert value.dtype == mx.float32
        assert np.isfinite(value.item())
        assert np.isfinite(np.array(gradient.astype(mx.float32))).all()


@every_case
def test_rows_of_weight_zero_do_not_exist_whatever_they_hold(loss, reference):
    z, y, weights = batch()
    padded = mx.array(np.concatenate([z, [[np.nan, np.inf, -np.inf]]]))
    padded_y = mx.array(np.concatenate([y, [[np.nan, 7.0, -1.0]]]))
    padded_weights = mx.array(np.append(weights, 0.0).astype(np.float32))

    value, gradient = mx.value_and_grad(lambda a: loss(a, padded_y, sample_weights=padded_weights))(
        padded
    )

    expected = loss(mx.array(z), mx.array(y), sample_weights=mx.array(weights))
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    assert (np.array(gradient)[-1] == 0).all()


@every_case
def test_compiled_and_eager_steps_agree(loss, reference):
    z, y, weights = map(mx.array, batch())

    def step(z, y, weights):
        return mx.value_and_grad(lambda a: loss(a, y, sample_weights=weights))(z)

    for found, expected in zip(mx.compile(step)(z, y, weights), step(z, y, weights), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


@every_case
def test_a_batch_that_weighs_nothing_has_loss_zero(loss, reference):
    z, y, _ = map(mx.array, batch())
    assert loss(z, y, sample_weights=mx.zeros(ROWS)).item() == 0


def test_focal_without_its_factors_is_binary_cross_entropy():
    z, y, _ = map(mx.array, batch())
    found = sigmoid_focal_loss(z, y, gamma=0.0, alpha=None, reduction="none")
    np.testing.assert_allclose(found, binary_cross_entropy(z, y, reduction="none"), rtol=1e-6)


def test_asymmetric_without_its_parts_is_binary_cross_entropy():
    z, y, _ = map(mx.array, batch())
    found = asymmetric_loss(z, y, gamma_positive=0.0, gamma_negative=0.0, margin=0.0)
    assert found.item() == pytest.approx(binary_cross_entropy(z, y).item(), rel=1e-6)


def test_an_unlikely_no_below_the_margin_costs_and_moves_nothing():
    value, gradient = mx.value_and_grad(asymmetric_loss)(mx.array([[-3.0]]), mx.array([[0.0]]))
    assert (value.item(), gradient.item()) == (0.0, 0.0)


@pytest.mark.parametrize("loss", [binary_cross_entropy, sigmoid_focal_loss, asymmetric_loss])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"logits": mx.zeros(3)}, r"logits has shape \(3,\).*\[N, C\]"),
        ({"logits": mx.zeros((2, 3), mx.int32)}, "int32: expected floats"),
        ({"targets": mx.zeros((2, 2))}, r"targets has shape \(2, 2\): expected \(2, 3\)"),
        ({"targets": mx.full((2, 3), 2.0)}, "targets has a value outside 0 to 1"),
        ({"sample_weights": mx.ones(3)}, "sample_weights has shape"),
        ({"reduction": "average"}, "reduction is 'average'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(loss, arguments, message):
    with pytest.raises(ValueError, match=message):
        loss(**{"logits": mx.zeros((2, 3)), "targets": mx.zeros((2, 3)), **arguments})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(binary_cross_entropy, pos_weight=[1.0, 2.0]), r"pos_weight has shape \(2,\)"),
        (partial(binary_cross_entropy, pos_weight=-1.0), "pos_weight has a weight"),
        (partial(sigmoid_focal_loss, gamma=-1.0), "gamma is -1"),
        (partial(sigmoid_focal_loss, alpha=1.5), "alpha is 1.5"),
        (partial(asymmetric_loss, gamma_negative=-1.0), "gamma_negative is -1"),
        (
            partial(asymmetric_loss, margin=1.0),
            "margin is 1: expected a number of at least 0 and below 1",
        ),
    ],
)
def test_options_out_of_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(mx.zeros((2, 3)), mx.zeros((2, 3)))
