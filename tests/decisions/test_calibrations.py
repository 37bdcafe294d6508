"""Calibrations find what simulated logits were spoiled by, and agree with other implementations."""

import numpy as np
import pytest
from drawn_rows import drawn, labels_from, names
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression

from bertplay.decisions.calibrations import TemperatureScaling, Uncalibrated, calibration_from
from bertplay.decisions.fitting import ALL_RIGHT, CHANCE, fit_calibration
from bertplay.decisions.labelled_logits import labelled
from bertplay.decisions.probability_figures import probability_figures
from bertplay.metrics import log_loss
from bertplay.prediction import softmax

METHODS = ("temperature", "vector", "isotonic")


def loss_of(rows, logits) -> float:
    return log_loss(softmax(logits), rows.labels)


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0])
def test_the_factor_that_makes_logits_overconfident_is_the_temperature(factor):
    rows = drawn(0, rows=40_000, factor=factor)

    calibration = fit_calibration("temperature", rows)

    # The standard error of T / factor is about 0.6% here.
    assert calibration.temperature == pytest.approx(factor, rel=0.02)


def test_the_temperature_is_that_of_an_independent_optimiser():
    rows = drawn(1, rows=300, factor=3.0)

    found = minimize_scalar(
        lambda log_t: loss_of(rows, rows.logits / np.exp(log_t)),
        bounds=(-5, 5),
        method="bounded",
        options={"xatol": 1e-10},
    )

    fitted = fit_calibration("temperature", rows)
    assert fitted.temperature == pytest.approx(np.exp(found.x), rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_a_temperature_changes_no_rows_likeliest_class(seed):
    rows = drawn(seed, rows=200, classes=5, factor=3.0)

    shares = fit_calibration("temperature", rows).probabilities(rows.logits)

    assert (shares.argmax(axis=1) == rows.logits.argmax(axis=1)).all()


def test_vector_scaling_finds_each_classs_factor_and_shift():
    rng = np.random.default_rng(2)
    right = rng.normal(size=(60_000, 3)) * 2
    labels = labels_from(softmax(right), rng)
    factors, shifts = np.array([0.5, 1.0, 2.0]), np.array([1.0, 0.0, -1.0])
    rows = labelled((right - shifts) / factors, labels, names(3))

    fitted = fit_calibration("vector", rows)

    np.testing.assert_allclose(fitted.scales, factors, rtol=0.05)
    # What is added to all shifts changes no probability.
    found = np.array(fitted.biases) - np.mean(fitted.biases)
    np.testing.assert_allclose(found, shifts - shifts.mean(), atol=0.05)


def test_vector_scaling_is_the_minimum_of_what_its_docstring_says():
    rows = drawn(3, rows=120, factor=2.5)
    temperature = fit_calibration("temperature", rows).temperature

    def objective(parameters):
        factors, shifts = parameters[:3], parameters[3:]
        prior = ((factors - 1) ** 2).sum() + (shifts**2).sum()
        return loss_of(rows, factors * rows.logits / temperature + shifts) + prior / (2 * 120)

    found = minimize(objective, np.r_[np.ones(3), np.zeros(3)], method="Powell", tol=1e-12)

    fitted = fit_calibration("vector", rows)
    np.testing.assert_allclose(np.multiply(fitted.scales, temperature), found.x[:3], atol=1e-4)
    np.testing.assert_allclose(fitted.biases, found.x[3:], atol=1e-4)


def test_isotonic_calibration_is_that_of_scikit_learn():
    rows = drawn(4, rows=500, classes=2, factor=3.0)
    margins = rows.logits[:, 1] - rows.logits[:, 0]
    theirs = IsotonicRegression(y_min=1 / 502, y_max=501 / 502, out_of_bounds="clip")
    theirs.fit(margins, rows.labels)
    asked = np.linspace(margins.min() - 5, margins.max() + 5, 1001)

    ours = fit_calibration("isotonic", rows).probabilities(np.c_[np.zeros(1001), asked])

    np.testing.assert_allclose(ours[:, 1], theirs.predict(asked), rtol=1e-12)
    np.testing.assert_allclose(ours.sum(axis=1), 1)


@pytest.mark.parametrize("method", METHODS)
def test_other_rows_of_the_same_kind_are_better_calibrated_afterwards(method):
    fitted = fit_calibration(method, drawn(5, rows=5000, classes=2, factor=4.0))
    others = drawn(6, rows=5000, classes=2, factor=4.0)

    before = probability_figures(softmax(others.logits), others.labels)
    after = probability_figures(fitted.probabilities(others.logits), others.labels)

    assert before.ece > 0.1
    assert after.ece < 0.03
    assert after.adaptive_ece < before.adaptive_ece / 3
    assert after.log_loss < before.log_loss
    assert after.brier < before.brier


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e4, 1e-4])
def test_huge_and_tiny_logits_give_finite_probabilities(method, size):
    rows = drawn(7, rows=100, classes=2)
    rows = labelled(size * np.sign(rows.logits), rows.labels, rows.classes)

    shares = fit_calibration(method, rows).probabilities(np.array([[size, -size], [-size, size]]))

    assert np.isfinite(shares).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1)


@pytest.mark.parametrize("method", ["temperature", "vector"])
def test_a_class_without_rows_keeps_a_probability(method):
    two = drawn(8, rows=200, classes=2)
    rows = labelled(np.c_[two.logits, two.logits.min(axis=1) - 1], two.labels, names(3))

    shares = fit_calibration(method, rows).probabilities(rows.logits)

    assert np.isfinite(shares).all()
    assert (shares[:, 2] > 0).all()


def test_rows_that_are_all_right_leave_the_probabilities_as_they_are():
    rows = labelled([[2.0, 0.0], [0.0, 1.0]] * 4, [0, 1] * 4, names(2))

    calibration = fit_calibration("temperature", rows)

    assert calibration == Uncalibrated(ALL_RIGHT)
    assert calibration.probabilities(rows.logits).tobytes() == softmax(rows.logits).tobytes()
    vector = fit_calibration("vector", rows)
    assert 0.5 < vector.probabilities(rows.logits)[0, 0] < 0.999


def test_a_model_that_is_no_better_than_chance_keeps_its_probabilities():
    rows = labelled([[1.0, 0.0], [0.0, 1.0]] * 2, [1, 0, 0, 1], names(2))

    assert fit_calibration("temperature", rows) == Uncalibrated(CHANCE)


@pytest.mark.parametrize("method", ["none", *METHODS])
def test_what_is_stored_gives_the_same_bits(method):
    rows = drawn(9, rows=100, classes=2, factor=3.0)
    fitted = fit_calibration(method, rows)

    again = calibration_from(fitted.as_dict(), 2)

    assert again.probabilities(rows.logits).tobytes() == fitted.probabilities(rows.logits).tobytes()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"method": "sigmoid"}, "sigmoid"),
        ({"method": "temperature", "temperature": 0.0}, "above 0"),
        ({"method": "temperature", "temperature": float("nan")}, "NaN"),
        ({"method": "temperature", "temperature": "warm"}, "numbers"),
        ({"method": "vector", "scales": [1.0], "biases": [0.0, 0.0]}, "2 are needed"),
        ({"method": "vector", "scales": 1.0, "biases": [0.0, 0.0]}, "scales"),
        ({"method": "isotonic", "margins": [], "shares": []}, "margins"),
        ({"method": "isotonic", "margins": [1.0, 0.0], "shares": [0.1, 0.2]}, "rise"),
        ({"method": "isotonic", "margins": [0.0, 1.0], "shares": [0.3, 0.2]}, "rise"),
        ({"method": "isotonic", "margins": [0.0, 1.0], "shares": [0.3, 1.2]}, "rise"),
    ],
)
def test_what_no_calibration_can_be_is_refused(values, word):
    with pytest.raises((ValueError, TypeError), match=word):
        calibration_from(values, 2)


def test_isotonic_is_for_two_classes():
    with pytest.raises(ValueError, match="two classes"):
        fit_calibration("isotonic", drawn(10, rows=50))
    values = {"method": "isotonic", "margins": [0.0, 1.0], "shares": [0.2, 0.8]}
    with pytest.raises(ValueError, match="two classes"):
        calibration_from(values, 3)


def test_a_method_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="platt"):
        fit_calibration("platt", drawn(11, rows=50))


@pytest.mark.parametrize(
    ("logits", "labels", "word"),
    [
        ([[1.0, 2.0, 3.0]], [0], r"\[N, 2\]"),
        (np.zeros((0, 2)), np.zeros(0, int), "row"),
        ([[np.inf, 0.0]], [0], "infinity"),
        ([[1.0, 0.0]], [0.0], "integers"),
        ([[1.0, 0.0]], [2], "0 to 1"),
    ],
)
def test_logits_that_cannot_be_decided_on_are_refused(logits, labels, word):
    with pytest.raises(ValueError, match=word):
        labelled(logits, labels, names(2))


def test_a_temperature_of_two_halves_the_logits():
    shares = TemperatureScaling(2.0).probabilities(np.array([[2.0, 0.0]], dtype=np.float32))

    np.testing.assert_allclose(shares, softmax(np.array([[1.0, 0.0]])))
