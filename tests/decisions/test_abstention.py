"""Abstention on simulated rows: the threshold is the best there is, and others reach the target."""

import numpy as np
import pytest
from drawn_rows import drawn, names

from bertplay.data.errors import InputError
from bertplay.decisions.abstention import (
    Abstention,
    abstention_figures,
    abstention_from,
    fit_abstention,
)
from bertplay.decisions.asked import asked_of
from bertplay.decisions.deciding import decide, decision_facts


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("target", [0.7, 0.9, 1.0])
def test_no_threshold_answers_more_rows_and_is_as_accurate(target, seed):
    rng = np.random.default_rng(seed)
    confidence = rng.choice(np.linspace(0.5, 1, 12), size=40)
    right = rng.random(40) < confidence
    best = 0.0
    for threshold in np.unique(confidence):
        answered = confidence >= threshold
        if right[answered].mean() >= target:
            best = max(best, answered.mean())

    fitted = fit_abstention(confidence, right, target)

    figures = abstention_figures(fitted.answered(confidence), right)
    if best == 0:
        assert (fitted.threshold, figures["coverage"]) == (0.0, 1.0)
        assert f"no threshold makes {target:g}" in fitted.reason
        return
    assert figures["coverage"] == best
    assert figures["accuracy"] >= target


def test_where_all_answers_together_are_right_enough_every_row_is_answered():
    fitted = fit_abstention(np.array([0.9, 0.6, 0.5]), np.array([True, True, False]), 0.66)

    assert fitted == Abstention(0.66, 0.0)


def test_rows_that_are_equally_sure_are_answered_all_or_none():
    confidence = np.array([0.9, 0.8, 0.8, 0.8])
    right = np.array([True, True, False, False])

    fitted = fit_abstention(confidence, right, 1.0)

    assert fitted.answered(confidence).tolist() == [True, False, False, False]


def test_neighbouring_doubles_are_told_apart():
    low = 0.75
    high = np.nextafter(low, 1)

    fitted = fit_abstention(np.array([high, low]), np.array([True, False]), 1.0)

    assert fitted.answered(np.array([high, low])).tolist() == [True, False]


def test_calibrated_rows_reach_the_target_on_others():
    """Where probabilities are right, the answers' accuracy is their mean confidence."""
    rows, others = drawn(0, rows=4000, factor=3.0), drawn(1, rows=40_000, factor=3.0)
    asked = asked_of("temperature", None, rows.classes, rows.labels, target_accuracy=0.9)

    facts = decision_facts(rows, asked, decide(rows, asked), others)["abstention"]

    assert facts["in_sample"]["accuracy"] == pytest.approx(0.9, abs=0.001)
    for when in ("after", "test"):
        assert facts[when]["accuracy"] == pytest.approx(0.9, abs=0.01)
        assert facts[when]["coverage"] == pytest.approx(facts["in_sample"]["coverage"], abs=0.02)


def test_nothing_answered_has_no_accuracy():
    figures = abstention_figures(np.zeros(3, dtype=bool), np.ones(3, dtype=bool))

    assert figures == {"coverage": 0.0, "accuracy": None}


@pytest.mark.parametrize("stored", [Abstention(0.9, 0.7), Abstention(0.9, 0.0, "why")])
def test_what_is_stored_is_the_same(stored):
    assert abstention_from(stored.as_dict()) == stored


@pytest.mark.parametrize(
    "values",
    [
        {"target_accuracy": 0.9},
        {"target_accuracy": 0.9, "threshold": 1.5},
        {"target_accuracy": 0.0, "threshold": 0.5},
        {"target_accuracy": 0.9, "threshold": "high"},
        {"target_accuracy": 0.9, "threshold": float("nan")},
    ],
)
def test_what_no_abstention_can_be_is_refused(values):
    with pytest.raises((ValueError, TypeError, KeyError)):
        abstention_from(values)


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        ({"target_accuracy": 1.5}, "target_accuracy is 1.5"),
        ({"target_accuracy": float("nan")}, "target_accuracy is nan"),
        ({"coverage": 1.0}, "coverage is 1.0"),
        ({"coverage": -0.1}, "coverage is -0.1"),
    ],
)
def test_a_share_that_there_cannot_be_is_refused(shares, word):
    with pytest.raises(InputError, match=word):
        asked_of("none", None, names(2), np.array([0, 1]), **shares)


@pytest.mark.parametrize("name", ["target_accuracy", "coverage"])
def test_a_single_row_tells_nothing(name):
    with pytest.raises(InputError, match="at least 2"):
        asked_of(None, None, names(2), np.array([0]), **{name: 0.5})
