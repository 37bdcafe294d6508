"""Where one loss must be another, and how focal losses relate to cross-entropy."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import CLASSES, batch

from bertplay.losses import (
    adaptive_loss,
    cross_entropy,
    focal_loss,
    focal_smooth_loss,
    label_smoothing_loss,
    weighted_cross_entropy,
)

WEIGHTS = [0.5, 2.0, 1.25]
a_few = settings(max_examples=15, deadline=None, derandomize=True)

both_targets = pytest.mark.parametrize("kind", ["labels", "soft labels"])


def arrays(kind="labels", seed=0):
    logits, labels, soft, weights = batch(seed=seed)
    targets = labels if kind == "labels" else soft
    return mx.array(logits), mx.array(targets), mx.array(weights)


def same(one, other, kind):
    """Whether two losses have the same value and gradient, to the last bit."""
    logits, targets, weights = arrays(kind)
    for reduction in ("none", "sum", "mean"):
        rows = {"sample_weights": weights, "reduction": reduction}
        found = [
            mx.value_and_grad(lambda z, f=f, rows=rows: mx.sum(f(z, targets, **rows)))(logits)
            for f in (one, other)
        ]
        for a, b in zip(*found, strict=True):
            assert mx.array_equal(a, b).item()


def bound(loss, **options):
    return lambda logits, targets, **rows: loss(logits, targets, **options, **rows)


@both_targets
@pytest.mark.parametrize("alpha", [None, 1.0, [1.0] * CLASSES])
@pytest.mark.parametrize("gamma", [0, mx.array(0.0)], ids=["number", "array"])
def test_focal_with_gamma_0_and_no_alpha_is_cross_entropy(kind, alpha, gamma):
    same(bound(focal_loss, gamma=gamma, alpha=alpha), cross_entropy, kind)


@both_targets
def test_focal_smooth_with_gamma_0_is_label_smoothing(kind):
    same(
        bound(focal_smooth_loss, gamma=0, smoothing=0.2),
        bound(label_smoothing_loss, smoothing=0.2),
        kind,
    )


@both_targets
def test_focal_smooth_with_smoothing_0_is_focal(kind):
    same(
        bound(focal_smooth_loss, gamma=1.5, alpha=WEIGHTS, smoothing=0),
        bound(focal_loss, gamma=1.5, alpha=WEIGHTS),
        kind,
    )


@both_targets
def test_label_smoothing_with_smoothing_0_is_cross_entropy(kind):
    same(bound(label_smoothing_loss, smoothing=0), cross_entropy, kind)


@both_targets
@pytest.mark.parametrize("weights", [None, 1.0, [1.0] * CLASSES])
def test_weighted_cross_entropy_without_weights_is_cross_entropy(kind, weights):
    same(bound(weighted_cross_entropy, class_weights=weights), cross_entropy, kind)


@both_targets
@pytest.mark.parametrize(
    ("mix", "end"),
    [
        (0, bound(weighted_cross_entropy, class_weights=WEIGHTS)),
        (1, bound(focal_loss, gamma=2.0, alpha=[3.0, 1.0, 0.5])),
    ],
    ids=["weighted cross-entropy", "focal"],
)
def test_adaptive_is_exactly_one_loss_at_each_end(kind, mix, end):
    adaptive = bound(
        adaptive_loss, mix=mix, gamma=2.0, alpha=[3.0, 1.0, 0.5], class_weights=WEIGHTS
    )
    same(adaptive, end, kind)


def test_a_number_as_alpha_weights_class_1_of_two():
    logits, labels = mx.array([[0.3, -0.2], [0.1, 1.0]]), mx.array([0, 1])

    found = focal_loss(logits, labels, alpha=0.25, reduction="none")

    plain = focal_loss(logits, labels, reduction="none")
    np.testing.assert_allclose(found, plain * mx.array([0.75, 0.25]), rtol=1e-6)


def test_the_mean_of_weighted_cross_entropy_divides_by_the_weights_of_the_labels():
    logits, labels, _ = arrays()
    weights = mx.array(WEIGHTS)

    mean = weighted_cross_entropy(logits, labels, class_weights=weights)

    total = weighted_cross_entropy(logits, labels, class_weights=weights, reduction="sum")
    assert mean.item() == pytest.approx((total / mx.sum(weights[labels])).item())


def test_the_mean_of_focal_divides_by_the_rows_whatever_alpha_is():
    logits, labels, _ = arrays()

    mean = focal_loss(logits, labels, alpha=WEIGHTS)

    total = focal_loss(logits, labels, alpha=WEIGHTS, reduction="sum")
    assert mean.item() == pytest.approx(total.item() / labels.size)


def test_smoothed_cross_entropy_is_least_at_the_smoothed_targets():
    smoothing, label = 0.1, mx.array([1])
    q = mx.array([[smoothing / 3, 1 - smoothing + smoothing / 3, smoothing / 3]])

    value, gradient = mx.value_and_grad(label_smoothing_loss)(mx.log(q), label)

    assert value.item() == pytest.approx(-mx.sum(q * mx.log(q)).item())
    np.testing.assert_allclose(gradient, np.zeros((1, 3)), atol=1e-7)


def test_rows_right_already_fade_and_rows_wrong_stay():
    logits, labels = mx.array([[3.0, -3.0], [-3.0, 3.0]]), mx.array([0, 0])

    ratio = focal_loss(logits, labels, reduction="none") / cross_entropy(
        logits, labels, reduction="none"
    )

    assert ratio[0].item() < 1e-4
    assert ratio[1].item() > 0.99


@a_few
@given(
    gammas=st.tuples(st.floats(0, 8), st.floats(0, 8)).map(sorted),
    seed=st.integers(0, 999),
)
def test_a_larger_gamma_never_gives_a_larger_loss(gammas, seed):
    logits, targets, _ = arrays("soft labels", seed)

    smaller, larger = (
        focal_loss(logits, targets, gamma=gamma, reduction="none") for gamma in gammas
    )

    assert mx.all(larger <= smaller * (1 + 1e-6)).item()
    assert mx.all(larger >= 0).item()


def test_gamma_may_be_an_array():
    logits, labels, _ = arrays()

    found = focal_loss(logits, labels, gamma=mx.array(1.5))

    assert found.item() == focal_loss(logits, labels, gamma=1.5).item()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (bound(focal_loss, gamma=-0.5), "gamma is -0.5: expected a number of at least 0"),
        (bound(focal_loss, gamma=mx.array(-1.0)), "gamma is -1: expected a number of at least 0"),
        (bound(focal_loss, gamma=float("nan")), "gamma is nan"),
        (bound(focal_loss, gamma=float("inf")), "gamma is inf"),
        (bound(focal_loss, gamma=mx.array([1.0])), "gamma is array.*expected a number"),
        (bound(focal_loss, gamma="2"), "gamma is '2': expected a number"),
        (bound(focal_loss, gamma=True), "gamma is True: expected a number"),
        (bound(focal_smooth_loss, smoothing=1.0), "smoothing is 1: expected .* below 1"),
        (bound(label_smoothing_loss, smoothing=-0.1), "smoothing is -0.1: expected .* at least 0"),
        (bound(adaptive_loss, mix=1.5), "mix is 1.5: expected a number from 0 to 1"),
        (bound(focal_loss, alpha=0.25), "alpha is 0.25 with 3 classes"),
        (bound(focal_loss, alpha=[1.0, 2.0]), "alpha has 2 entries: .* each of 3 classes"),
        (bound(focal_loss, alpha="balanced"), r"alpha=balanced_weights\(\[...\]\)"),
        (
            bound(weighted_cross_entropy, class_weights=[1.0, -2.0, 1.0]),
            "class_weights is .*expected finite weights of at least 0",
        ),
    ],
)
def test_options_out_of_range_are_refused(call, message):
    logits, labels, _ = arrays()
    with pytest.raises(ValueError, match=message):
        call(logits, labels)
