"""Where one loss must be another, and how focal losses relate to cross-entropy."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import CLASSES, batch

from bertplay.losses import (
    adaptive_loss,
    balanced_softmax_loss,
    cross_entropy,
    focal_loss,
    focal_smooth_loss,
    generalised_cross_entropy,
    label_smoothing_loss,
    ldam_loss,
    logit_adjusted_loss,
    poly1_loss,
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


@both_targets
def test_balanced_softmax_is_logit_adjustment_with_tau_1(kind):
    same(
        bound(balanced_softmax_loss, prior=[70, 20, 10]),
        bound(logit_adjusted_loss, prior=[70, 20, 10], tau=1.0),
        kind,
    )


@both_targets
@pytest.mark.parametrize("tau", [0.5, 1.0])
def test_shares_or_numbers_of_rows_make_the_same_adjustment(kind, tau):
    logits, targets, _ = arrays(kind)
    by_share, by_count = (
        logit_adjusted_loss(logits, targets, prior=prior, tau=tau, reduction="none")
        for prior in ([0.7, 0.2, 0.1], [140, 40, 20])
    )
    np.testing.assert_allclose(by_share, by_count, rtol=1e-5)


@both_targets
@pytest.mark.parametrize(
    "call",
    [
        bound(logit_adjusted_loss, prior=[70, 20, 10], tau=0.0),
        bound(logit_adjusted_loss, prior=[5, 5, 5]),
        bound(ldam_loss, prior=[70, 20, 10], max_margin=0.0),
        bound(poly1_loss, epsilon=0.0),
    ],
    ids=["logit_adjusted tau 0", "logit_adjusted of equal classes", "ldam margin 0", "poly1 0"],
)
def test_without_their_own_part_they_are_cross_entropy(kind, call):
    logits, targets, weights = arrays(kind)
    found, expected = (
        mx.value_and_grad(lambda z, f=f: f(z, targets, sample_weights=weights))(logits)
        for f in (call, cross_entropy)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_ldam_without_margins_has_the_mean_of_weighted_cross_entropy():
    logits, labels, _ = arrays()
    found = ldam_loss(logits, labels, prior=[7, 2, 1], max_margin=0.0, class_weights=WEIGHTS)
    expected = weighted_cross_entropy(logits, labels, class_weights=WEIGHTS)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_margin_is_that_of_the_label_and_largest_for_the_rarest_class():
    even = mx.zeros((3, 3))
    losses = ldam_loss(even, mx.arange(3), prior=[81, 16, 1], max_margin=0.6, reduction="none")
    margins = [0.6 / 3, 0.6 / 2, 0.6]
    expected = [np.log(2 + np.exp(-margin)) + margin for margin in margins]
    np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_logits_without_the_prior_are_right_for_balanced_classes():
    """Where the posterior is the prior alone, nothing is learned from the row, and z stays even."""
    prior = mx.array([0.7, 0.2, 0.1])
    gradient = mx.grad(logit_adjusted_loss)(mx.zeros((1, 3)), prior[None], prior=prior)
    np.testing.assert_allclose(gradient, np.zeros((1, 3)), atol=1e-7)


def test_gce_with_exponent_1_is_half_of_the_absolute_error():
    logits, labels, _ = arrays()
    found = generalised_cross_entropy(logits, labels, exponent=1.0, reduction="none")
    error = mx.abs(mx.softmax(logits, axis=-1) - mx.eye(CLASSES)[labels]).sum(axis=-1)
    np.testing.assert_allclose(found, error / 2, rtol=1e-5)


def test_gce_goes_to_cross_entropy_as_its_exponent_goes_to_0():
    logits, labels, _ = arrays()
    found = generalised_cross_entropy(logits, labels, exponent=1e-4, reduction="none")
    expected = cross_entropy(logits, labels, reduction="none")
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@a_few
@given(exponent=st.floats(0.05, 1.0), wrong_by=st.floats(0, 1e4))
def test_gce_never_loses_more_than_1_over_its_exponent(exponent, wrong_by):
    logits = mx.array([[0.0, wrong_by]])
    loss = generalised_cross_entropy(logits, mx.array([0]), exponent=exponent)
    assert loss.item() <= 1 / exponent * (1 + 1e-6)


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
        (bound(logit_adjusted_loss, prior="counts"), r'prior="counts" needs .* class_counts'),
        (bound(logit_adjusted_loss, prior=[1.0, 2.0]), "prior has 2 entries: .* of 3 classes"),
        (bound(logit_adjusted_loss, prior=[1.0, 0.0, 2.0]), "prior is .*greater than 0"),
        (bound(logit_adjusted_loss, prior="shares"), "prior is 'shares': expected"),
        (bound(logit_adjusted_loss, prior=[1, 1, 1], tau=-1.0), "tau is -1: .* at least 0"),
        (bound(ldam_loss, prior=[1, 1, 1], max_margin=-1.0), "max_margin is -1: .* at least 0"),
        (bound(ldam_loss, prior=[1, 1, 1], scale=0.0), "scale is 0: .* greater than 0"),
        (bound(poly1_loss, epsilon=-2.0), "epsilon is -2: expected a number of at least -1"),
        (bound(generalised_cross_entropy, exponent=0.0), "exponent is 0: .* greater than 0"),
        (bound(generalised_cross_entropy, exponent=1.5), "exponent is 1.5: .* from 0 to 1"),
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
