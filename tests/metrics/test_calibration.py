"""The temperature of `bertplay.calibration`: against a grid, by identities, at extremes."""

import doctest
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bertplay.calibration
from bertplay.calibration import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, fit_temperature


def softmax(logits):
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def log_loss(logits, labels, temperature=1.0):
    z = logits / temperature
    z = z - z.max(axis=1, keepdims=True)
    return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), labels]).mean())


def calibrated(seed: int, rows: int, classes: int = 4):
    """Logits, and labels drawn from their softmax."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, classes)) * 2
    cumulative = softmax(logits).cumsum(axis=1)
    labels = (rng.random((rows, 1)) > cumulative[:, :-1]).sum(axis=1)
    return logits, labels


@pytest.mark.parametrize("factor", [0.2, 0.5, 1.0, 3.0, 100.0])
def test_the_factor_by_which_calibrated_logits_were_multiplied_is_found(factor):
    logits, labels = calibrated(0, rows=40_000)

    # The standard error of T / factor is about 0.6% here.
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.02)


def test_probabilities_as_frequent_as_the_labels_keep_the_temperature_1():
    logits = np.log([[0.75, 0.25]] * 4 + [[0.4, 0.6]] * 5)
    labels = [0, 0, 0, 1, 0, 0, 1, 1, 1]

    assert fit_temperature(logits, labels) == pytest.approx(1.0, rel=1e-12)


def test_it_is_the_best_of_a_grid():
    logits, labels = calibrated(1, rows=200)
    grid = np.geomspace(0.1, 10, 20_001)
    best = grid[np.argmin([log_loss(3 * logits, labels, t) for t in grid])]

    # Neighbours on the grid are 0.023% apart.
    assert fit_temperature(3 * logits, labels) == pytest.approx(best, rel=2.4e-4)


@given(seed=st.integers(0, 10**6), factor=st.floats(1e-3, 1e4))
@settings(max_examples=50, deadline=None)
def test_the_log_loss_of_the_fitted_rows_never_rises(seed, factor):
    logits, labels = calibrated(seed, rows=12, classes=3)
    before = log_loss(factor * logits, labels)
    after = log_loss(factor * logits, labels, fit_temperature(factor * logits, labels))

    assert after <= before + 1e-12


def test_it_grows_as_the_logits_do():
    logits, labels = calibrated(2, rows=100)

    once, often = fit_temperature(logits, labels), fit_temperature(1e4 * logits, labels)
    assert often == pytest.approx(1e4 * once, rel=1e-9)


def test_logarithms_of_probabilities_serve_as_logits():
    logits, labels = calibrated(3, rows=100)

    assert fit_temperature(np.log(softmax(logits)), labels) == pytest.approx(
        fit_temperature(logits, labels), rel=1e-9
    )


@pytest.mark.parametrize("margin", [0.1, 1.0, 1e4])
def test_rows_that_are_all_right_get_the_lowest_temperature(margin):
    assert fit_temperature([[margin, 0.0], [0.0, margin]], [0, 1]) == LOWEST_TEMPERATURE


@pytest.mark.parametrize("margin", [1.0, 1e4])
def test_rows_that_are_all_wrong_get_the_highest_temperature(margin):
    assert fit_temperature([[margin, 0.0], [0.0, margin]], [1, 0]) == HIGHEST_TEMPERATURE


def test_a_certain_row_that_is_wrong_gives_a_finite_temperature():
    logits = [[1e4, -1e4]] * 4

    # softmax([2e4 / T, 0]) = [3/4, 1/4]
    assert fit_temperature(logits, [0, 0, 0, 1]) == pytest.approx(2e4 / np.log(3))


@pytest.mark.parametrize("logits", [[[0.0, 0.0]], [[7.0, 7.0], [-2.0, -2.0]], [[3.0], [4.0]]])
def test_logits_that_no_temperature_changes_keep_the_temperature_1(logits):
    assert fit_temperature(logits, [0] * len(logits)) == 1.0


def test_half_precision_is_computed_in_double():
    logits, labels = calibrated(4, rows=100)
    half = logits.astype(np.float16)

    assert fit_temperature(half, labels) == fit_temperature(half.astype(np.float64), labels)


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([0.5, 0.5], [0], r"logits has shape \(2,\)"),
        (np.zeros((0, 2)), np.zeros(0, int), r"logits has shape \(0, 2\)"),
        ([[np.nan, 0.0]], [0], "logits holds NaN or infinity"),
        ([[-np.inf, 0.0]], [1], "a probability of 0 has no logarithm"),
        ([[0.0, 1.0]], [0, 1], r"labels has shape \(2,\)"),
        ([[0.0, 1.0]], [0.0], "dtype float64: expected \\[1\\] integers"),
        ([[0.0, 1.0]], [2], "labels reach from 2 to 2: expected 0 to 1"),
        ([[0.0, 1.0]], [-1], "labels reach from -1 to -1"),
    ],
)
def test_wrong_input_is_named(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        fit_temperature(logits, labels)


def test_the_documented_example_runs():
    tried = doctest.testmod(bertplay.calibration)

    assert tried.attempted == 3
    assert tried.failed == 0


def test_it_needs_no_scipy():
    code = "import sys, bertplay.calibration; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
