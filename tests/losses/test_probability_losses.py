"""Losses of probabilities against float64 NumPy, against those of logits, and at their extremes."""

from functools import partial

import mlx.core as mx
import numpy as np
import pytest
from float64_reference import finite_differences
from hypothesis import given
from hypothesis import strategies as st

from bertplay.losses import consistency_loss, cross_entropy, probability_cross_entropy

ROWS, CLASSES = 6, 4
LABELS = np.array([0, 3, 1, 1, 2, 0])
FITS = np.array([[1, 0, 0.5, 1], [0, 1, 1, 1], [0, 0, 0, 1], [1, 1, 1, 1]])
LARGEST_LOSS = -np.log(np.finfo(np.float32).tiny)


def drawn(seed):
    p = np.random.default_rng(seed).dirichlet(np.ones(CLASSES), ROWS)
    return p.astype(np.float32)


def with_sum_1(p):
    """Finite differences leave the distributions, and rounding does."""
    return p / p.sum(axis=1, keepdims=True)


def reference_cross_entropy(p):
    return -np.log(with_sum_1(p))[np.arange(ROWS), LABELS].mean()


def reference_consistency(p):
    return -np.log((FITS[LABELS] * with_sum_1(p)).sum(axis=1)).mean()


CASES = {
    "cross-entropy": (
        lambda p, **options: probability_cross_entropy(p, mx.array(LABELS), **options),
        reference_cross_entropy,
    ),
    "consistency": (
        lambda p, **options: consistency_loss(p, mx.array(LABELS), fits=FITS, **options),
        reference_consistency,
    ),
}
every_case = pytest.mark.parametrize(("loss", "reference"), CASES.values(), ids=CASES)


@every_case
@pytest.mark.parametrize("seed", range(4))
def test_the_value_is_that_of_the_float64_reference(loss, reference, seed):
    found = loss(mx.array(drawn(seed)))
    assert found.dtype == mx.float32
    assert found.item() == pytest.approx(reference(drawn(seed).astype(np.float64)), rel=1e-5)


@every_case
def test_the_gradient_is_that_of_the_float64_reference_by_finite_differences(loss, reference):
    gradient = mx.grad(loss)(mx.array(drawn(5)))
    expected = finite_differences(reference, drawn(5).astype(np.float64))
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-5)


@every_case
def test_compiled_and_eager_steps_agree(loss, reference):
    p = mx.array(drawn(6))
    step = mx.value_and_grad(loss)
    for found, expected in zip(mx.compile(step)(p), step(p), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@given(seed=st.integers(0, 100), size=st.floats(0.1, 10.0))
def test_after_a_softmax_it_is_the_cross_entropy_of_the_logits(seed, size):
    logits = mx.array(size * np.random.default_rng(seed).normal(size=(ROWS, CLASSES)))
    labels = mx.array(LABELS)

    def from_probabilities(z):
        return probability_cross_entropy(mx.softmax(z, axis=-1), labels)

    found, gradient = mx.value_and_grad(from_probabilities)(logits)
    expected, wanted = mx.value_and_grad(lambda z: cross_entropy(z, labels))(logits)
    assert found.item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-6)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-3, atol=1e-6)


@given(seed=st.integers(0, 100))
def test_soft_labels_that_are_the_prediction_give_its_entropy(seed):
    p = drawn(seed)
    entropy = -(p * np.log(np.maximum(p.astype(np.float64), 1e-300))).sum(axis=1).mean()
    found = probability_cross_entropy(mx.array(p), mx.array(p))
    assert found.item() == pytest.approx(entropy, rel=1e-4)


@every_case
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
@pytest.mark.parametrize("size", [10.0, 100.0, 1e4])
def test_values_and_gradients_are_finite_after_a_softmax_of_extreme_logits(
    loss, reference, dtype, size
):
    signs = np.sign(np.random.default_rng(0).normal(size=(ROWS, CLASSES)))
    logits = mx.array(size * signs).astype(dtype)
    value, gradient = mx.value_and_grad(lambda z: loss(mx.softmax(z, axis=-1)))(logits)
    assert 0 <= value.item() <= LARGEST_LOSS + 1
    assert np.isfinite(np.array(gradient.astype(mx.float32))).all()


def test_only_probabilities_below_the_smallest_normal_number_are_raised():
    tiny = float(np.finfo(np.float32).tiny)
    for probability, counted in ((1e-30, 1e-30), (tiny, tiny), (0.0, tiny)):
        p = mx.array([[1.0 - probability, probability]])
        for loss in (probability_cross_entropy, consistency_loss):
            value, gradient = mx.value_and_grad(loss)(p, mx.array([1]))
            assert value.item() == pytest.approx(-np.log(counted), rel=1e-6)
            assert np.isfinite(np.array(gradient)).all()


@every_case
def test_rows_that_weigh_0_have_no_influence_whatever_they_hold(loss, reference):
    p = drawn(7)
    weights = np.array([1, 0, 2, 1, 0, 1])
    rows = np.array(loss(mx.array(p), reduction="none"))
    p[weights == 0] = [[np.nan] * CLASSES, [7.0] * CLASSES]

    value, gradient = mx.value_and_grad(
        lambda p: loss(p, sample_weights=mx.array(weights, dtype=mx.float32))
    )(mx.array(p))

    assert value.item() == pytest.approx(np.average(rows, weights=weights), rel=1e-5)
    assert not np.array(gradient)[weights == 0].any()


@every_case
def test_the_sum_and_the_mean_are_those_of_the_rows(loss, reference):
    p = mx.array(drawn(8))
    rows = np.array(loss(p, reduction="none"))
    assert rows.shape == (ROWS,)
    assert loss(p, reduction="sum").item() == pytest.approx(rows.sum(), rel=1e-6)
    assert loss(p).item() == pytest.approx(rows.mean(), rel=1e-6)


@every_case
@pytest.mark.parametrize("wrong", [[2.0, -1.0, 0.0, 0.0], [3.0, 1.0, 0.5, 2.0], [0.0] * 4])
def test_a_row_that_is_no_distribution_cannot_pass_for_one(loss, reference, wrong):
    p = drawn(9)
    p[2] = wrong
    rows = np.array(loss(mx.array(p), reduction="none"))
    gradient = np.array(mx.grad(loss)(mx.array(p)))
    assert np.isnan(rows[2])
    assert not gradient[2].any()
    for others in (rows, gradient):
        assert np.isfinite(np.delete(others, 2, axis=0)).all()


def test_where_each_label_allows_its_own_class_consistency_is_cross_entropy():
    p, labels = mx.array(drawn(10)), mx.array(LABELS)
    one, other = consistency_loss(p, labels), probability_cross_entropy(p, labels)
    assert one.item() == pytest.approx(other.item(), rel=1e-5)


def test_where_a_label_allows_every_class_any_prediction_is_consistent():
    p = mx.array(drawn(11))
    found = consistency_loss(p, mx.zeros(ROWS, mx.int32), fits=np.ones((1, CLASSES)))
    assert found.item() == pytest.approx(0.0, abs=1e-6)


def test_a_label_out_of_range_gives_nan_where_it_cannot_be_looked_at():
    p = mx.array(drawn(12))
    for loss in (probability_cross_entropy, partial(consistency_loss, fits=FITS)):
        assert np.isnan(mx.compile(loss)(p, mx.array([0, 1, 2, 3, 4, 0])).item())


EVEN = mx.full((2, 2), 0.5)
ZEROS = mx.zeros(2, mx.int32)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(probability_cross_entropy, mx.ones(2), ZEROS), r"probabilities .*\[N, C\]"),
        (partial(probability_cross_entropy, mx.ones((2, 2), mx.int32), ZEROS), "probabilities .*"),
        (partial(probability_cross_entropy, EVEN, ZEROS + 2), r"targets has the label \[2\]"),
        (partial(probability_cross_entropy, EVEN, mx.ones((2, 2))), "soft labels"),
        (
            partial(probability_cross_entropy, EVEN, ZEROS, sample_weights=mx.ones(3)),
            "sample_weights has shape",
        ),
        (partial(probability_cross_entropy, EVEN, ZEROS, reduction="all"), "reduction is 'all'"),
        (partial(consistency_loss, mx.ones(2), ZEROS), r"probabilities .*\[N, C\]"),
        (partial(consistency_loss, EVEN, mx.zeros(2)), "labels has .*float32: expected integers"),
        (partial(consistency_loss, EVEN, ZEROS + 1, fits=[[1, 1]]), r"has the label \[1\]"),
        (partial(consistency_loss, EVEN, ZEROS, fits=[[1, 1, 1]]), r"expected \[K, 2\]"),
        (
            partial(consistency_loss, EVEN, ZEROS, fits=[[1, 1], [1]]),
            r"fits is \[\[1, 1\], \[1\]\]",
        ),
        (partial(consistency_loss, EVEN, ZEROS, fits=[[0, 0]]), "fits has .* a row of zeros"),
        (partial(consistency_loss, EVEN, ZEROS, fits=[[2, 0]]), "fits has a value outside 0 to 1"),
        (partial(consistency_loss, EVEN, ZEROS, reduction="all"), "reduction is 'all'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
