"""Prediction sets hold each class as often as promised, on simulated rows and exactly by count."""

import math

import numpy as np
import pytest
from drawn_rows import drawn, names

from bertplay.decisions.asked import asked_of
from bertplay.decisions.deciding import decide, decision_facts
from bertplay.decisions.labelled_logits import labelled
from bertplay.decisions.prediction_sets import PredictionSets, fit_sets, sets_figures, sets_from
from bertplay.prediction import softmax


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_over_many_samples_each_class_is_held_as_often_as_promised_and_hardly_more(coverage):
    """The expected coverage of a class with n rows is `ceil((n + 1) coverage) / (n + 1)`.

    Logits are overconfident and shifted, as the promise needs no good network.
    """
    new = drawn(10**6, rows=20_000, factor=3.0)
    new = labelled(new.logits + np.array([0.0, 0.0, 2.0]), new.labels, new.classes)
    counts, held, exact = np.zeros(3), np.zeros(3), np.zeros(3)
    samples = 300
    for seed in range(samples):
        rows = drawn(seed, rows=60, factor=3.0)
        rows = labelled(rows.logits + np.array([0.0, 0.0, 2.0]), rows.labels, rows.classes)
        sets = fit_sets(rows, coverage).members(new.logits)
        figures = sets_figures(sets, new.labels, new.classes)
        for c, name in enumerate(new.classes):
            n = int((rows.labels == c).sum())
            counts[c] += 1
            held[c] += figures["per_class"][name]
            exact[c] += min(math.ceil((n + 1) * coverage - 1e-9) / (n + 1), 1.0)

    # One sample's coverage deviates by sqrt(coverage (1 - coverage) / 20), some 0.1.
    np.testing.assert_allclose(held / counts, exact / counts, atol=0.03)
    assert (exact / counts >= coverage).all()


def test_the_threshold_is_the_probability_that_as_many_rows_reach():
    shares = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    logits = np.log(np.c_[shares, 1 - shares])
    rows = labelled(logits, np.zeros(9, dtype=int), names(2))

    # ceil(10 * 0.8) = 8 of the nine must be held, and of the other class there is no row.
    assert fit_sets(rows, 0.8).thresholds == pytest.approx((0.2, 0.0))
    # ceil(10 * 0.95) = 10: nine rows cannot promise that.
    assert fit_sets(rows, 0.95).thresholds == (0.0, 0.0)


@pytest.mark.parametrize("coverage", [0.6, 0.7, 0.9])
def test_rounding_asks_for_no_row_more(coverage):
    shares = np.linspace(0.95, 0.05, 9)
    rows = labelled(np.log(np.c_[shares, 1 - shares]), np.zeros(9, dtype=int), names(2))

    sets = fit_sets(rows, coverage)

    assert sets.members(rows.logits)[:, 0].sum() == round(10 * coverage)


def test_the_label_is_in_its_set_and_no_set_is_empty():
    rows = drawn(3, rows=400)
    asked = asked_of("temperature", "balanced_accuracy", rows.classes, rows.labels, coverage=0.5)

    decided = decide(rows, asked).decided(rows.logits)

    assert decided.sets[np.arange(400), decided.labels].all()
    assert not fit_sets(rows, 0.5).members(rows.logits).any(axis=1).all()


def test_the_cross_fitted_coverage_is_about_that_of_other_rows():
    rows, others = drawn(4, rows=1500), drawn(5, rows=20_000)
    asked = asked_of("none", None, rows.classes, rows.labels, coverage=0.9)

    facts = decision_facts(rows, asked, decide(rows, asked), others)["sets"]

    for when in ("after", "test"):
        for of_class in facts[when]["per_class"].values():
            assert of_class == pytest.approx(0.9, abs=0.03)
        assert 1 < facts[when]["mean_size"] < 3
    assert facts["after"]["mean_size"] == pytest.approx(facts["test"]["mean_size"], abs=0.1)


def test_figures_of_sets_are_counted():
    sets = np.array([[True, False], [True, True], [False, True], [True, False]])

    figures = sets_figures(sets, np.array([0, 0, 0, 0]), names(2))

    assert figures == {
        "coverage": 0.75,
        "per_class": {"a": 0.75, "b": None},
        "mean_size": 1.25,
        "single": 0.75,
    }


def test_the_sets_do_not_depend_on_the_calibration():
    rows = drawn(6, rows=300, factor=4.0)

    found = [
        decide(rows, asked_of(method, None, rows.classes, rows.labels, coverage=0.8))
        for method in ("none", "temperature", "vector")
    ]

    assert len({decisions.sets for decisions in found}) == 1
    members = found[0].sets.members(rows.logits)
    assert (members == (softmax(rows.logits) >= found[0].sets.thresholds)).all()


@pytest.mark.parametrize(
    "values",
    [
        {"coverage": 0.9, "thresholds": [0.1]},
        {"coverage": 1.0, "thresholds": [0.1, 0.2]},
        {"coverage": 0.9, "thresholds": [0.1, 1.2]},
        {"coverage": 0.9, "thresholds": 0.1},
        {"coverage": 0.9},
    ],
)
def test_what_no_sets_can_be_is_refused(values):
    with pytest.raises((ValueError, TypeError, KeyError)):
        sets_from(values, 2)


def test_what_is_stored_is_the_same():
    sets = PredictionSets(0.9, (0.1, 0.0))

    assert sets_from(sets.as_dict(), 2) == sets
