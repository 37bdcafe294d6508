"""ROC and precision-recall curves are scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from bertplay.report.ranking_curves import ranking_curves


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**16), st.integers(2, 100), st.integers(1, 12))
def test_they_agree_with_scikit_learn_also_on_equal_probabilities(seed, rows, different):
    random = np.random.default_rng(seed)
    is_class = random.random(rows) < 0.3
    is_class[:2] = True, False
    share = random.integers(0, different + 1, rows) / different

    roc, precision = ranking_curves(is_class, share)

    assert roc.area == pytest.approx(roc_auc_score(is_class, share))
    assert precision.area == pytest.approx(average_precision_score(is_class, share))
    false_rate, true_rate, _ = roc_curve(is_class, share, drop_intermediate=False)
    np.testing.assert_allclose(roc.x, false_rate)
    np.testing.assert_allclose(roc.y, true_rate)
    precisions, recalls, _ = precision_recall_curve(is_class, share)
    # From the highest threshold on, without the point that no threshold gives.
    np.testing.assert_allclose(precision.x, recalls[:-1][::-1])
    np.testing.assert_allclose(precision.y, precisions[:-1][::-1])


def test_a_curve_of_many_rows_is_drawn_with_few_points_and_its_exact_area():
    random = np.random.default_rng(0)
    is_class, share = random.random(5000) < 0.1, random.random(5000)

    roc, precision = ranking_curves(is_class, share)

    assert len(roc.x) == len(precision.x) == 150
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert roc.area == pytest.approx(roc_auc_score(is_class, share))
