"""Figures of classes and their intervals, on data with known answers."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, precision_recall_fscore_support

from bertplay.diagnostics import class_intervals, diagnose


def test_intervals_cover_the_true_recall_about_as_often_as_they_say():
    """Of 300 tables of 200 rows, the 95% interval of a recall of 0.7 holds it."""
    random = np.random.default_rng(0)
    held = 0
    for seed in range(300):
        found = random.binomial(100, 0.7)
        (_, second) = class_intervals([[90, 10], [100 - found, found]], draws=400, seed=seed)
        held += second.recall[0] <= 0.7 <= second.recall[1]

    assert 0.91 <= held / 300 <= 0.98


def test_intervals_hold_the_figure_itself_and_are_the_same_each_time():
    first, second = class_intervals([[50, 10], [5, 35]])

    assert first.precision[0] < 50 / 55 < first.precision[1]
    assert second.f1[0] < 2 * 35 / (45 + 40) < second.f1[1]
    assert class_intervals([[50, 10], [5, 35]]) == [first, second]


def test_a_class_that_is_never_predicted_has_no_intervals():
    _, never = class_intervals([[50, 0], [10, 0]])

    assert never.precision is None
    assert never.recall is None


def test_figures_of_each_class_are_scikit_learns():
    random = np.random.default_rng(0)
    targets, p = random.integers(0, 3, 300), random.dirichlet(np.ones(3), 300)

    found = diagnose(targets, ["a", "b", "c"], probabilities=p).classes

    expected = precision_recall_fscore_support(targets, p.argmax(axis=1))
    for number, of in enumerate(found):
        figures = of.precision, of.recall, of.f1, of.support
        assert figures == pytest.approx([each[number] for each in expected])
        assert of.predicted == (p.argmax(axis=1) == number).sum()
        assert of.mean_probability == pytest.approx(p[:, number].mean())
        assert of.brier == pytest.approx(brier_score_loss(targets == number, p[:, number]))
        low, high = of.recall_interval
        assert low < of.recall < high
