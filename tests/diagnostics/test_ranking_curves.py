"""ROC, precision-recall and threshold curves are scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)

from bertplay.diagnostics import ranking_curves


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**16), st.integers(2, 100), st.integers(1, 12))
def test_they_agree_with_scikit_learn_also_on_equal_probabilities(seed, rows, different):
    random = np.random.default_rng(seed)
    is_class = random.random(rows) < 0.3
    is_class[:2] = True, False
    share = random.integers(0, different + 1, rows) / different

    found = ranking_curves("class", is_class, share)

    assert found.roc_area == pytest.approx(roc_auc_score(is_class, share))
    assert found.average_precision == pytest.approx(average_precision_score(is_class, share))
    false_rate, true_rate, _ = roc_curve(is_class, share, drop_intermediate=False)
    np.testing.assert_allclose(found.false_positive_rate, false_rate)
    np.testing.assert_allclose(found.true_positive_rate, true_rate)
    precisions, recalls, _ = precision_recall_curve(is_class, share)
    # From the highest threshold on, without the point that no threshold gives.
    np.testing.assert_allclose(found.recall, recalls[:-1][::-1])
    np.testing.assert_allclose(found.precision, precisions[:-1][::-1])


def test_a_curve_of_many_rows_is_drawn_with_few_points_and_its_exact_area():
    random = np.random.default_rng(0)
    is_class, share = random.random(5000) < 0.1, random.random(5000)

    found = ranking_curves("class", is_class, share)

    x, y = found.false_positive_rate, found.true_positive_rate
    assert len(x) == len(found.recall) == 150
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert found.roc_area == pytest.approx(roc_auc_score(is_class, share))


def test_each_threshold_gives_what_applying_it_gives():
    random = np.random.default_rng(1)
    is_class = random.random(200) < 0.3
    share = np.round(np.clip(0.6 * is_class + 0.6 * random.random(200), 0, 0.9), 2)

    curve = ranking_curves("class", is_class, share).by_threshold

    for place in (0, 29, 59, 89):
        called = share >= curve.thresholds[place]
        assert curve.precision[place] == pytest.approx(precision_score(is_class, called))
        assert curve.recall[place] == pytest.approx(recall_score(is_class, called))
        assert curve.f1[place] == pytest.approx(f1_score(is_class, called))
    assert curve.thresholds[-1] == 0.99
    assert (curve.precision[-1], curve.recall[-1]) == (None, 0)


def test_the_best_threshold_has_the_largest_f1_of_all_that_tell_rows_apart():
    random = np.random.default_rng(2)
    is_class, share = random.random(60) < 0.4, random.random(60)

    curve = ranking_curves("class", is_class, share).by_threshold

    assert curve.best_f1 == pytest.approx(max(f1_score(is_class, share >= at) for at in share))
    assert f1_score(is_class, share >= curve.best) == pytest.approx(curve.best_f1)


@pytest.mark.parametrize("answer", [True, False])
def test_a_class_of_all_rows_or_of_none_has_no_curve(answer):
    with pytest.raises(ValueError, match="class 'a': a curve needs rows"):
        ranking_curves("a", np.full(5, answer), np.linspace(0, 1, 5))
