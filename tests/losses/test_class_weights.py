"""Class weights from counts, and from the forms in which users give them."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertplay.losses import balanced_weights, effective_weights, resolve_class_weights

some_counts = st.lists(st.integers(1, 10**6), min_size=1, max_size=6)
a_few = settings(max_examples=25, deadline=None, derandomize=True)


@a_few
@given(counts=some_counts)
def test_balanced_weights_give_every_class_the_same_total(counts):
    totals = np.array(balanced_weights(counts), np.float64) * counts

    np.testing.assert_allclose(totals, sum(counts) / len(counts), rtol=1e-6)


def test_balanced_weights_of_the_titanic_favour_the_survivors():
    died, survived = balanced_weights([809, 500]).tolist()

    assert died == pytest.approx(1309 / (2 * 809))
    assert survived == pytest.approx(1309 / (2 * 500))


@a_few
@given(counts=st.lists(st.integers(1, 300), min_size=1, max_size=5), beta=st.floats(0, 0.99999))
def test_effective_weights_are_those_of_cui_et_al_and_sum_to_the_classes(counts, beta):
    # The effective number as the geometric series it abbreviates.
    effective_rows = np.array([sum(beta**k for k in range(n)) for n in counts])
    expected = len(counts) / effective_rows / (1 / effective_rows).sum()

    found = np.array(effective_weights(counts, beta=beta, cap=None), np.float64)

    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.sum() == pytest.approx(len(counts), rel=1e-6)


def test_effective_weights_lie_between_no_weighting_and_balanced_ones():
    counts = [1000, 10]

    def ratio(weights):
        return (weights[1] / weights[0]).item()

    assert effective_weights(counts, beta=0).tolist() == [1.0, 1.0]
    assert 1 < ratio(effective_weights(counts, beta=0.999)) < ratio(balanced_weights(counts))
    almost_one = effective_weights(counts, beta=1 - 1e-12, cap=None)
    assert ratio(almost_one) == pytest.approx(100, rel=1e-3)


@pytest.mark.parametrize("weights", [balanced_weights, effective_weights])
def test_a_cap_bounds_the_weight_of_a_very_rare_class(weights):
    counts = [100_000, 500, 1]

    free, capped = weights(counts, cap=None), weights(counts, cap=2.0)

    assert mx.max(free).item() > 2.0
    assert mx.array_equal(capped, mx.minimum(free, 2.0)).item()


@pytest.mark.parametrize("weights", [balanced_weights, effective_weights])
def test_a_class_without_rows_weighs_as_the_rarest_class(weights):
    common, rare, empty = weights([90, 10, 0]).tolist()

    assert common < rare == empty


def test_balanced_weights_have_mean_one_over_the_rows_with_an_empty_class_too():
    counts = [90, 10, 0]
    assert np.dot(np.array(balanced_weights(counts)), counts) / 100 == pytest.approx(1)


@pytest.mark.parametrize("weights", [balanced_weights, effective_weights])
@pytest.mark.parametrize(
    "counts", [[], [0, 0], [5, -1], [5, float("nan")], [[1, 2]], "balanced", None, [5, "x"]]
)
def test_counts_that_are_none_are_refused(weights, counts):
    with pytest.raises(ValueError, match=r"class_counts is .*: expected the number of training"):
        weights(counts)


@pytest.mark.parametrize("beta", [-0.1, 1.0, float("nan")])
def test_beta_is_at_least_0_and_below_1(beta):
    with pytest.raises(ValueError, match=r"beta is .*below 1"):
        effective_weights([1, 2], beta=beta)


@pytest.mark.parametrize("weights", [balanced_weights, effective_weights])
def test_a_cap_is_positive(weights):
    with pytest.raises(ValueError, match="cap is 0: expected a number greater than 0"):
        weights([1, 2], cap=0)


@pytest.mark.parametrize("spec", [None, 1.0, 1])
def test_none_and_one_are_no_weighting(spec):
    assert resolve_class_weights(spec, num_classes=5) is None


@pytest.mark.parametrize("classes", [None, 2])
def test_a_number_between_0_and_1_is_the_weight_of_class_1(classes):
    found = resolve_class_weights(0.25, num_classes=classes)
    assert found.tolist() == [0.75, 0.25]


@pytest.mark.parametrize(
    "spec",
    [
        [0.5, 2.0],
        (0.5, 2.0),
        np.array([0.5, 2.0]),
        mx.array([0.5, 2.0]),
        mx.array([0.5, 2], mx.float16),
    ],
    ids=["list", "tuple", "numpy", "mlx", "half"],
)
def test_a_sequence_is_one_weight_per_class(spec):
    found = resolve_class_weights(spec, num_classes=2)

    assert found.dtype == mx.float32
    assert found.tolist() == [0.5, 2.0]


@pytest.mark.parametrize(
    ("spec", "weights"), [("balanced", balanced_weights), ("effective", effective_weights)]
)
def test_a_name_takes_the_weights_from_the_counts(spec, weights):
    assert mx.array_equal(resolve_class_weights(spec, [9, 3]), weights([9, 3])).item()


@pytest.mark.parametrize("spec", ["balanced", "effective"])
def test_counted_weights_without_counts_say_what_to_pass(spec):
    with pytest.raises(ValueError, match=rf'alpha="{spec}" needs .* pass class_counts='):
        resolve_class_weights(spec, num_classes=2, name="alpha")


@pytest.mark.parametrize(
    "spec",
    [
        "balansed",
        "",
        0,
        0.0,
        -0.5,
        1.5,
        float("nan"),
        True,
        {"a": 1},
        [[1.0]],
        mx.array(0.5),
        ["a"],
    ],
)
def test_any_other_form_is_refused_with_those_that_work(spec):
    with pytest.raises(ValueError, match=r'alpha (is|has) .*: expected None or 1.0 .*"effective"'):
        resolve_class_weights(spec, num_classes=2, name="alpha")


def test_one_number_for_three_classes_is_refused():
    with pytest.raises(ValueError, match=r"alpha is 0.25 with 3 classes: expected None or 1.0"):
        resolve_class_weights(0.25, num_classes=3, name="alpha")


@pytest.mark.parametrize("spec", [[1.0, -1.0], [1.0, float("inf")], [0.0, 0.0]])
def test_weights_that_cannot_weigh_are_refused(spec):
    for given_as in (spec, mx.array(spec)):
        with pytest.raises(ValueError, match=r"class_weights is .*: expected finite weights"):
            resolve_class_weights(given_as, num_classes=2)


@pytest.mark.parametrize(
    "arguments", [{"num_classes": 3}, {"class_counts": [1, 2, 3]}], ids=["classes", "counts"]
)
def test_the_wrong_number_of_weights_is_refused(arguments):
    with pytest.raises(ValueError, match=r"class_weights has 2 entries: .* each of 3 classes"):
        resolve_class_weights([1.0, 2.0], **arguments)


def test_counts_for_another_number_of_classes_are_refused():
    with pytest.raises(ValueError, match=r"class_counts has 3 entries: .* each of 2 classes"):
        resolve_class_weights("balanced", [1, 2, 3], 2)
