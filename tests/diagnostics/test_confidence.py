"""Calibration, histogram and coverage, on data with known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from bertplay.diagnostics import (
    calibration_figures,
    confidence_histogram,
    coverage_curve,
    reliability_bins,
)


def test_the_bins_of_the_reliability_diagram_hold_their_rows():
    confidence = np.array([0.9] * 4 + [0.6] * 2)
    right = np.array([True, True, True, False, True, False])

    found = reliability_bins(confidence, right)

    assert [(of.confidence, of.accuracy, of.rows) for of in found] == [
        (pytest.approx(0.6), 0.5, 2),
        (pytest.approx(0.9), 0.75, 4),
    ]


def test_the_calibration_error_is_the_gap_that_was_put_in():
    """Confidence is uniform from 0.5 to 1, and rows are right with 0.1 less."""
    random = np.random.default_rng(0)
    sure = random.uniform(0.5, 1.0, 200_000)

    found = calibration_figures(sure, random.random(200_000) < sure - 0.1)

    assert found.ece == pytest.approx(0.1, abs=0.005)
    assert found.adaptive_ece == pytest.approx(0.1, abs=0.005)
    # A gap of 0.1 everywhere is a reliability of its square.
    assert found.reliability == pytest.approx(0.01, abs=0.001)


def test_a_calibrated_confidence_has_hardly_any_miscalibration():
    random = np.random.default_rng(3)
    sure = random.uniform(0.4, 1.0, 100_000)

    calibrated = calibration_figures(sure, random.random(100_000) < sure)
    never = calibration_figures(sure, np.zeros(100_000, dtype=bool))

    assert calibrated.adaptive_ece < 0.01
    assert calibrated.reliability < 1e-4
    assert never.adaptive_ece == pytest.approx(sure.mean())
    assert never.resolution == 0.0


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**16), st.integers(1, 200))
def test_the_brier_score_is_scikit_learns_and_the_sum_of_its_parts(seed, rows):
    random = np.random.default_rng(seed)
    sure = random.random(rows)
    right = random.random(rows) < sure**2

    found = calibration_figures(sure, right)

    assert found.brier == pytest.approx(brier_score_loss(right, sure, pos_label=True))
    parts = found.reliability - found.resolution + found.uncertainty + found.within_bins
    assert parts == pytest.approx(found.brier)


def test_nothing_is_left_within_bins_of_equal_confidence():
    sure = np.repeat(np.linspace(0.5, 0.99, 15), 40)

    found = calibration_figures(sure, np.random.default_rng(2).random(600) < sure**2)

    assert found.within_bins == pytest.approx(0, abs=1e-12)


def test_every_row_is_in_the_histogram():
    confidence = np.array([0.5, 0.62, 0.99, 1.0, 1.0 + 1e-9])
    right = np.array([False, True, True, True, False])

    found = confidence_histogram(confidence, right, 0.5, bins=5)

    assert found.edges == pytest.approx((0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    assert (found.right, found.wrong) == ((0, 1, 0, 0, 2), (1, 0, 0, 0, 1))
    assert found.mean_right == pytest.approx(2.61 / 3)
    assert confidence_histogram(confidence, np.ones(5, dtype=bool), 0.5).mean_wrong is None


def test_answering_the_surest_rows_gives_their_accuracy():
    confidence = np.array([0.6, 0.9, 0.8, 0.7])
    right = np.array([False, True, True, True])

    found = coverage_curve(confidence, right)

    assert found.threshold == (0.9, 0.8, 0.7, 0.6)
    assert found.coverage == (0.25, 0.5, 0.75, 1.0)
    assert found.accuracy == (1.0, 1.0, 1.0, 0.75)
    assert found.accuracy_at(0.6) == 1.0
    assert found.accuracy_at(1.0) == 0.75
    assert found.risk_area == pytest.approx(0.25 / 4)


def test_rows_of_equal_confidence_are_answered_together_whatever_their_order():
    confidence = np.array([0.7, 0.7, 0.7, 0.9])
    right = np.array([True, False, False, True])

    found = coverage_curve(confidence, right)

    assert found.coverage == (0.25, 1.0)
    assert found.accuracy == (1.0, 0.5)
    assert found == coverage_curve(confidence[::-1], right[::-1])


def test_a_model_that_knows_nothing_of_its_errors_has_its_error_as_area():
    random = np.random.default_rng(0)
    right = random.random(20_000) < 0.8

    blind = coverage_curve(random.random(20_000), right)
    knowing = coverage_curve(np.where(right, 0.9, 0.6), right)

    assert blind.risk_area == pytest.approx(0.2, abs=0.01)
    # Right rows alone have no error; wrong ones come with all rows.
    assert knowing.risk_area == pytest.approx(0.2 * 0.2, abs=0.005)
