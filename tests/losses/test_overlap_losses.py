"""Dice and Tversky against float64 NumPy, their identities, and batches that lack a class."""

from functools import partial

import mlx.core as mx
import numpy as np
import pytest
from float64_reference import distribution, finite_differences, log_softmax
from hypothesis import given
from hypothesis import strategies as st
from loss_cases import CLASSES, batch, value_and_gradient

from bertplay.losses import dice_loss, get_loss, tversky_loss


def reference(
    logits,
    targets,
    *,
    false_positive_weight=0.5,
    false_negative_weight=0.5,
    smooth=1.0,
    sample_weights=None,
    reduction="mean",
):
    """Salehi et al. 2017, equation 3, over the classes that have rows."""
    p, q = np.exp(log_softmax(logits)), distribution(targets, logits.shape[1])
    s = np.ones(len(p)) if sample_weights is None else np.asarray(sample_weights, np.float64)
    found, wrong, missed = (s @ terms for terms in (p * q, p * (1 - q), (1 - p) * q))
    whole = found + false_positive_weight * wrong + false_negative_weight * missed
    losses = np.where(s @ q > 0, 1 - (found + smooth) / (whole + smooth), 0.0)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / (s @ q > 0).sum()


def dice_reference(logits, targets, *, smooth, **rows):
    """Milletari et al. 2016, in the form of segmentation-models: 2 TP over the sizes of both."""
    return reference(logits, targets, smooth=smooth / 2, **rows)


RECALL = {"false_positive_weight": 0.3, "false_negative_weight": 0.7, "smooth": 0.0}
CASES = {
    "dice 1": (partial(dice_loss, smooth=1.0), partial(dice_reference, smooth=1.0)),
    "dice 0": (partial(dice_loss, smooth=0.0), partial(dice_reference, smooth=0.0)),
    "tversky": (partial(tversky_loss, **RECALL), partial(reference, **RECALL)),
}
every_case = pytest.mark.parametrize(("loss", "expected"), CASES.values(), ids=CASES)


@every_case
@pytest.mark.parametrize("kind", ["labels", "soft labels"])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_the_value_is_that_of_the_float64_reference(loss, expected, kind, reduction):
    logits, labels, soft, weights = batch()
    targets = labels if kind == "labels" else soft
    for rows in ({}, {"sample_weights": weights}):
        arrays = {name: mx.array(value) for name, value in rows.items()}
        found = loss(mx.array(logits), mx.array(targets), reduction=reduction, **arrays)
        wanted = expected(logits.astype(np.float64), targets, reduction=reduction, **rows)
        assert found.dtype == mx.float32
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-6)


@every_case
@pytest.mark.parametrize("kind", ["labels", "soft labels"])
def test_the_gradient_is_that_of_the_float64_reference_by_finite_differences(loss, expected, kind):
    logits, labels, soft, weights = batch(rows=5)
    targets = labels if kind == "labels" else soft
    _, gradient = value_and_gradient(loss, logits, targets, sample_weights=weights)
    wanted = finite_differences(
        lambda z: expected(z, targets, sample_weights=weights), logits.astype(np.float64)
    )
    np.testing.assert_allclose(gradient, wanted, rtol=1e-4, atol=1e-6)


def test_dice_of_certain_predictions_is_1_minus_f1():
    predicted, labels = np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 1, 1, 1, 2, 2, 0])
    certain = 1e3 * np.eye(3, dtype=np.float32)[predicted]
    losses = dice_loss(mx.array(certain), mx.array(labels), smooth=0.0, reduction="none")
    f1 = [2 * 1 / (2 * 1 + 1 + 1), 2 * 2 / (2 * 2 + 0 + 1), 2 * 2 / (2 * 2 + 1 + 0)]
    np.testing.assert_allclose(losses, 1 - np.array(f1), rtol=1e-5)


def test_tversky_with_equal_weights_of_one_half_is_dice():
    logits, labels, _, _ = batch()
    found = tversky_loss(mx.array(logits), mx.array(labels), smooth=0.5)
    assert found.item() == dice_loss(mx.array(logits), mx.array(labels), smooth=1.0).item()


@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_a_class_that_is_not_in_the_batch_neither_costs_nor_counts(smooth):
    logits, labels, _, _ = batch()
    labels = np.minimum(labels, CLASSES - 2)
    loss = partial(dice_loss, smooth=smooth)

    per_class = loss(mx.array(logits), mx.array(labels), reduction="none")

    assert per_class[-1].item() == 0
    assert loss(mx.array(logits), mx.array(labels)).item() == pytest.approx(
        np.array(per_class)[:-1].mean(), rel=1e-6
    )


@given(seed=st.integers(0, 100), factor=st.floats(0.1, 10.0))
def test_without_smoothing_the_scale_of_the_sample_weights_does_not_matter(seed, factor):
    logits, labels, _, weights = batch(seed=seed)
    one, other = (
        dice_loss(mx.array(logits), mx.array(labels), smooth=0.0, sample_weights=mx.array(s)).item()
        for s in (weights, (factor * weights).astype(np.float32))
    )
    assert one == pytest.approx(other, rel=1e-5)


@every_case
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_values_and_gradients_are_finite_at_extreme_logits(loss, expected, dtype):
    e = 1e4
    logits = mx.array([[e, -e, -e], [-e, e, e], [e, e, e], [0, 0, e]], dtype=dtype)
    for label in range(CLASSES):
        value, gradient = value_and_gradient(loss, logits, np.full(4, label))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


@every_case
def test_rows_of_weight_zero_do_not_exist_whatever_they_hold(loss, expected):
    logits, labels, _, weights = batch()
    padded = np.concatenate([logits, [[np.nan, np.inf, -np.inf]]])
    value, gradient = value_and_gradient(loss, logits, labels, sample_weights=weights)
    found, padded_gradient = value_and_gradient(
        loss,
        padded,
        np.append(labels, -1),
        sample_weights=np.append(weights, 0.0).astype(np.float32),
    )
    assert found == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(padded_gradient[:-1], gradient, rtol=1e-5, atol=1e-8)
    assert (padded_gradient[-1] == 0).all()


@every_case
def test_rows_with_the_label_to_ignore_weigh_zero(loss, expected):
    logits, labels, _, _ = batch()
    ignored = np.where(np.arange(len(labels)) == 2, 255, labels)
    found = loss(mx.array(logits), mx.array(ignored), ignore_index=255)
    kept = mx.array((ignored != 255).astype(np.float32))
    wanted = loss(mx.array(logits), mx.array(labels), sample_weights=kept)
    assert found.item() == wanted.item()


@every_case
def test_a_batch_that_weighs_nothing_has_loss_zero(loss, expected):
    logits, labels, _, weights = batch()
    value, gradient = value_and_gradient(loss, logits, labels, sample_weights=0 * weights)
    assert value == 0
    assert (gradient == 0).all()


@every_case
def test_compiled_and_eager_steps_agree(loss, expected):
    logits, labels, _, weights = map(mx.array, batch())

    def step(logits, labels, weights):
        return mx.value_and_grad(lambda z: loss(z, labels, sample_weights=weights))(logits)

    for found, wanted in zip(
        mx.compile(step)(logits, labels, weights), step(logits, labels, weights), strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


def test_a_traced_label_outside_the_classes_gives_nan_and_moves_nothing():
    logits, labels, _, _ = batch()
    labels[0] = CLASSES
    step = mx.compile(mx.value_and_grad(dice_loss))
    value, gradient = step(mx.array(logits), mx.array(labels))
    assert np.isnan(value.item())
    assert (np.array(gradient) == 0).all()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dice", {"smooth": -1.0}, "smooth is -1: expected a number of at least 0"),
        ("tversky", {"false_positive_weight": -1.0}, "false_positive_weight is -1"),
        ("tversky", {"false_negative_weight": 0.0}, "false_negative_weight is 0: .* than 0"),
    ],
)
def test_options_out_of_range_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        get_loss(name, **options)
