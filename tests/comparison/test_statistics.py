"""Intervals, paired tests and Holm's correction, beside scipy and counts by hand."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from bertplay.comparison.statistics import (
    corrected_t_p,
    holm,
    mcnemar_p,
    mean_interval,
    paired_t_p,
    sign_flip_p,
)

DIFFERENCES = [0.031, -0.012, 0.024, 0.05, 0.007, 0.013]


def test_the_interval_of_a_mean_is_scipys():
    found = mean_interval(DIFFERENCES)
    error = stats.sem(DIFFERENCES)
    expected = stats.t.interval(0.95, len(DIFFERENCES) - 1, np.mean(DIFFERENCES), error)
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.mean == pytest.approx(np.mean(DIFFERENCES))


def test_a_single_value_has_no_interval():
    found = mean_interval([0.5])
    assert (found.mean, found.low, found.high) == (0.5, None, None)


def test_the_paired_t_test_is_scipys():
    other = np.linspace(0.2, 0.7, len(DIFFERENCES))
    expected = stats.ttest_rel(other + DIFFERENCES, other).pvalue
    assert paired_t_p(DIFFERENCES) == pytest.approx(expected)


@pytest.mark.parametrize("differences", [[0.0, 0.0, 0.0], [0.1, 0.1, 0.1], [0.3, 0.3]])
def test_differences_without_spread_have_the_p_of_the_sign_flip_test(differences):
    assert paired_t_p(differences) == sign_flip_p(differences)


def test_the_sign_flip_test_counts_the_signs_with_as_large_a_sum():
    signs = np.array(list(product((1, -1), repeat=len(DIFFERENCES))))
    sums = np.abs(signs @ np.array(DIFFERENCES))
    expected = (sums >= abs(sum(DIFFERENCES)) - 1e-12).mean()
    assert sign_flip_p(DIFFERENCES) == expected


def test_the_sign_flip_test_is_scipys_permutation_test():
    found = stats.permutation_test(
        (np.array(DIFFERENCES), np.zeros(len(DIFFERENCES))),
        lambda x, y: np.mean(x - y),
        permutation_type="samples",
        n_resamples=np.inf,
    )
    assert sign_flip_p(DIFFERENCES) == pytest.approx(found.pvalue)


def test_five_seeds_cannot_have_a_sign_flip_p_below_a_sixteenth():
    assert sign_flip_p([0.1, 0.2, 0.3, 0.2, 0.1]) == 2 / 2**5


def test_holm_is_that_of_a_hand_computation():
    # .01 x 4, .02 x 3, then .03 x 2 and .04 x 1, which may not fall below .06.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("test", [paired_t_p, sign_flip_p])
def test_a_test_of_one_pair_is_refused(test):
    with pytest.raises(ValueError, match="differences"):
        test([0.1])


def test_holm_keeps_false_findings_of_five_equal_methods_to_the_level():
    rng = np.random.default_rng(0)
    false = [
        min(holm([paired_t_p(rng.normal(size=8)) for _ in range(5)])) < 0.05 for _ in range(400)
    ]
    # Three standard errors above 5% of 400.
    assert sum(false) <= 20 + 3 * np.sqrt(400 * 0.05 * 0.95)


def test_the_corrected_t_test_is_that_of_the_paper_computed_by_hand():
    d = np.array(DIFFERENCES)
    t = d.mean() / np.sqrt((1 / 6 + 0.25) * d.var(ddof=1))
    assert corrected_t_p(d, 0.25) == pytest.approx(2 * stats.t.sf(abs(t), 5))
    assert corrected_t_p(d, 0.25) > paired_t_p(d)
    found = mean_interval(d, shared=0.25)
    reach = stats.t.ppf(0.975, 5) * np.sqrt((1 / 6 + 0.25) * d.var(ddof=1))
    assert (found.low, found.high) == pytest.approx((d.mean() - reach, d.mean() + reach))


def test_equal_differences_of_overlapping_splits_prove_nothing():
    assert corrected_t_p([0.1] * 10, 0.25) == 1


def test_the_corrected_test_keeps_its_level_where_the_paired_one_does_not():
    """Two equally good models on random splits of one table, whose held-out rows recur.

    What a row adds to their difference does not depend on the rows trained on, as is assumed.
    """
    rng = np.random.default_rng(0)
    findings = {"paired": 0, "corrected": 0}
    for _ in range(300):
        noise = rng.normal(size=60)
        differences = []
        for _ in range(15):
            held_out = rng.permutation(60)[:12]
            differences.append(noise[held_out].mean())
        findings["paired"] += paired_t_p(differences) < 0.05
        findings["corrected"] += corrected_t_p(differences, 12 / 48) < 0.05
    assert findings["paired"] > 60
    assert findings["corrected"] <= 15 + 3 * np.sqrt(300 * 0.05 * 0.95)


def test_mcnemars_test_is_the_binomial_one_of_the_rows_that_differ():
    first = np.array([True] * 70 + [False] * 20 + [True] * 3 + [False] * 7)
    second = np.array([True] * 70 + [False] * 20 + [False] * 3 + [True] * 7)
    expected = 2 * sum(stats.binom.pmf(k, 10, 0.5) for k in range(4))
    assert mcnemar_p(first, second) == pytest.approx(expected)
    assert mcnemar_p(first, first) == 1
