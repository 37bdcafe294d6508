"""Checks of gradients and heads: BP301 to BP304."""

import numpy as np
import pytest

from bertplay.checks.gradients import gradient_checks
from bertplay.checks.heads import dead_head, starving_task
from bertplay.checks.stretch import Stretch
from bertplay.checks.thresholds import Thresholds

LIMITS = Thresholds()


def epoch(**norms):
    """Stretches with these norms of each group."""
    names = {name.replace("_", " "): values for name, values in norms.items()}
    columns = zip(*names.values(), strict=True)
    return [Stretch(5, 0.5, 0.1, dict(zip(names, column, strict=True))) for column in columns]


def states(*epochs):
    return {result.code: result for result in gradient_checks(epochs, LIMITS)}


def test_norms_that_fall_raise_nothing():
    found = states(epoch(layer_0=[2, 1], head=[6, 3]), epoch(layer_0=[0.1, 0.2], head=[1, 2]))

    assert {result.status for result in found.values()} == {"passed"}


def test_a_norm_far_above_that_of_the_first_steps_is_bp301_and_names_the_group():
    check = states(epoch(layer_0=[2, 1], head=[6, 3]), epoch(layer_0=[1, 30], head=[1, 2]))["BP301"]

    assert check.status == "fired"
    assert check.about == "layer 0"
    assert "from 2 to 30" in check.message


def test_a_group_that_joins_later_is_compared_with_its_own_first_steps():
    found = states(epoch(head=[0.1, 0.1]), epoch(layer_0=[20, 20], head=[0.1, 0.1]))

    assert found["BP301"].status == "passed"


def test_a_norm_that_is_nothing_beside_the_others_is_bp302():
    check = states(epoch(embeddings=[1e-6, 0], head=[6, 3]))["BP302"]

    assert check.status == "fired"
    assert check.about == "embeddings"


def test_a_head_alone_has_nothing_to_vanish_beside():
    assert states(epoch(head=[6, 3]))["BP302"].status == "not_applicable"


def test_predictions_that_do_not_vary_are_bp303():
    same = np.tile([0.3, 0.7], (50, 1)) + np.random.default_rng(0).normal(0, 1e-5, (50, 2))

    assert dead_head(same, 1.0, LIMITS).status == "fired"


@pytest.mark.parametrize(
    ("predictions", "spread", "status"),
    [
        (np.linspace([0.3, 0.7], [0.32, 0.68], 50), 1.0, "passed"),
        (np.linspace(0, 0.01, 50), 0.1, "passed"),
        (np.linspace(0, 0.01, 50), 100.0, "fired"),
        (np.linspace(0, 1, 50), 0.0, "not_applicable"),
        (np.array([[0.5, 0.5]]), 1.0, "not_applicable"),
    ],
)
def test_bp303_measures_by_the_spread_of_the_labels(predictions, spread, status):
    assert dead_head(predictions, spread, LIMITS).status == status


def test_a_task_that_learns_nothing_beside_a_large_one_is_bp304():
    losses = [{"mood": 0.7, "price": 500.0}, {"mood": 0.7, "price": 100.0}]

    check = starving_task(losses, {"mood": 1.0, "price": 1.0}, LIMITS)

    assert check.status == "fired"
    assert check.about == "mood"
    assert "'price' has 99% of the loss" in check.message


@pytest.mark.parametrize(
    ("losses", "weights", "status"),
    [
        ([{"a": 0.7, "b": 500.0}, {"a": 0.4, "b": 100.0}], {"a": 1.0, "b": 1.0}, "passed"),
        ([{"a": 0.7, "b": 500.0}, {"a": 0.7, "b": 100.0}], {"a": 1.0, "b": 1e-3}, "passed"),
        ([{"a": 0.7, "b": 500.0}, {"a": 0.7, "b": 500.0}], {"a": 1.0, "b": 1.0}, "passed"),
        ([{"a": 0.7, "b": 5.0}], {"a": 1.0, "b": 1.0}, "not_applicable"),
        ([], {}, "not_applicable"),
    ],
)
def test_bp304_is_silent_otherwise(losses, weights, status):
    assert starving_task(losses, weights, LIMITS).status == status
