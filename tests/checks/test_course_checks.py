"""Checks of losses, BP205 to BP209, on losses that are made up."""

import numpy as np
import pytest

from bertplay.checks.course import Course, course_checks, validation_gap
from bertplay.checks.stretch import Stretch
from bertplay.checks.thresholds import Thresholds

LIMITS = Thresholds()


def epochs(*levels, deviation=0.05, steps=5):
    """One epoch for each list of ten losses."""
    return [[Stretch(steps, float(loss), deviation) for loss in losses] for losses in levels]


def fired(course_of, rows=32, progress=1.0, incomparable=""):
    results = course_checks(Course(course_of, rows, progress, incomparable), LIMITS)
    return [result.code for result in results if result.status == "fired"]


def test_a_loss_that_falls_and_levels_out_raises_nothing():
    first, second = np.geomspace(0.7, 0.3, 10), np.geomspace(0.3, 0.25, 10)
    assert fired(epochs(first, second)) == []


def test_a_loss_near_zero_that_jumps_a_little_raises_nothing():
    noise = np.random.default_rng(0).exponential(0.02, 10)
    assert fired(epochs(np.geomspace(0.7, 0.05, 10), noise, deviation=0.03)) == []


def test_a_loss_that_stays_is_bp205():
    assert fired(epochs(np.full(10, 0.69), np.full(10, 0.69))) == ["BP205"]


def test_a_small_decrease_within_the_noise_is_bp205():
    losses = np.linspace(0.69, 0.67, 10)
    assert fired(epochs(losses, losses, deviation=0.3)) == ["BP205"]


def test_a_small_decrease_beyond_the_noise_is_bp208():
    first, second = np.linspace(0.690, 0.680, 10), np.linspace(0.680, 0.668, 10)
    assert fired(epochs(first, second, deviation=0.005)) == ["BP208"]


def test_a_slow_decrease_is_no_matter_before_half_of_the_steps():
    losses = np.linspace(0.690, 0.675, 10)
    assert fired(epochs(losses, deviation=0.005), progress=0.3) == []


def test_steps_that_differ_wildly_are_bp206():
    assert fired(epochs(np.geomspace(0.7, 0.3, 10), deviation=0.9)) == ["BP206"]


def test_small_batches_may_differ_more():
    assert fired(epochs(np.geomspace(0.7, 0.3, 10), deviation=0.9), rows=4) == []


def test_a_loss_that_rises_again_is_bp207_and_says_in_which_epoch():
    course = Course(epochs([0.7] * 5 + [0.3] * 5, [0.3] * 5 + [0.9] * 5), 32, 1.0)

    (check,) = [r for r in course_checks(course, LIMITS) if r.code == "BP207"]

    assert check.status == "fired"
    assert check.about == "epoch 2"
    assert "from 0.3000 to 0.9000" in check.message


@pytest.mark.parametrize(
    ("course", "reason"),
    [
        (Course(epochs([0.7], steps=5), 32, 1.0), "fewer than 20 steps"),
        (Course(epochs([0.7] * 10), 32, 1.0, "the loss changes"), "the loss changes"),
        (Course(epochs([-0.1] * 10), 32, 1.0), "not above 0"),
    ],
)
def test_losses_that_say_nothing_are_not_judged(course, reason):
    results = course_checks(course, LIMITS)

    assert {result.status for result in results} == {"not_applicable"}
    assert all(reason in result.message for result in results)


def test_a_validation_loss_that_rises_while_the_training_loss_falls_is_bp209():
    check = validation_gap([0.6, 0.5, 0.7], [0.6, 0.4, 0.2], 200, LIMITS)

    assert check.status == "fired"
    assert "since epoch 2 the validation loss has risen from 0.500 to 0.700" in check.message


@pytest.mark.parametrize(
    ("validation", "training", "rows", "status"),
    [
        ([0.6, 0.5, 0.6], [0.6, 0.4, 0.2], 200, "passed"),
        ([0.6, 0.5, 0.9], [0.6, 0.4, 0.8], 200, "passed"),
        ([0.6, 0.5, 0.9], [0.6, 0.4, 0.2], 20, "not_applicable"),
        ([0.6], [0.6], 200, "not_applicable"),
    ],
)
def test_bp209_is_silent_otherwise(validation, training, rows, status):
    assert validation_gap(validation, training, rows, LIMITS).status == status
