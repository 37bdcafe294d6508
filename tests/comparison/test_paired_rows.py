"""Classifiers on the same rows, simulated, so that their true differences are known."""

import numpy as np
import pytest
from scipy import stats

from bertplay.comparison import paired_rows as module
from bertplay.comparison.figures import FIGURES, figures_of
from bertplay.comparison.held_out import Predictions
from bertplay.comparison.paired_rows import paired_rows

CLASSES = ("a", "b", "c", "d")
COUNTS = {"a": 70, "b": 20, "c": 6, "d": 4}


def simulated(rng, rows=300, **sharpness):
    """Classifiers of the same rows; a sharper one sees the label more clearly."""
    shares = np.array(list(COUNTS.values())) / 100
    labels = rng.choice(len(CLASSES), size=rows, p=shares)
    seen = rng.normal(size=(rows, len(CLASSES)))
    found = {}
    for name, clear in sharpness.items():
        logits = seen + 0.3 * rng.normal(size=seen.shape) + clear * np.eye(len(CLASSES))[labels]
        found[name] = Predictions(
            logits - np.logaddexp.reduce(logits, axis=1, keepdims=True), labels, CLASSES
        )
    return found


def test_a_draw_of_every_row_once_has_the_figures_of_the_rows(monkeypatch):
    """Those of scikit-learn's and bertplay's metrics, with the same temperatures."""
    rows = simulated(np.random.default_rng(0), only=1.0)
    monkeypatch.setattr(module, "_drawn_counts", lambda n, draws, seed: [np.ones((1, n))])
    drawn = module._figures_of_draws(rows, COUNTS, 1, 0)
    found = {key: value[0] for key, value in drawn["only"].items()}
    assert found == pytest.approx(figures_of(rows["only"], COUNTS))


def test_the_interval_of_accuracy_is_scipys_paired_bootstrap():
    rows = simulated(np.random.default_rng(1), ce=1.0, focal=1.4)
    found = paired_rows(rows, "ce", COUNTS, draws=2000).differences["focal"]["accuracy"].interval
    right = [of.log_probabilities.argmax(axis=1) == of.labels for of in rows.values()]
    expected = stats.bootstrap(
        (right[1], right[0]),
        lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
        paired=True,
        n_resamples=4000,
        method="percentile",
        rng=0,
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.008)


def test_a_classifier_has_no_difference_to_its_copy():
    (rows,) = simulated(np.random.default_rng(2), ce=1.0).values()
    found = paired_rows({"ce": rows, "copy": rows}, "ce", COUNTS, draws=200).differences["copy"]
    assert all(difference.p == 1 and not difference.found for difference in found.values())


def test_a_clearer_classifier_is_found_better_and_no_worse_in_anything():
    rows = simulated(np.random.default_rng(3), rows=1500, ce=1.0, better=2.0)
    found = paired_rows(rows, "ce", COUNTS, draws=2000).differences["better"]
    by_key = {figure.key: figure for figure in FIGURES}
    for key in ("accuracy", "macro_f1", "rare_recall", "log_loss"):
        assert found[key].better(by_key[key]), key


def test_equally_good_classifiers_are_found_to_differ_as_rarely_as_the_level_says():
    claims = 0
    for seed in range(40):
        rows = simulated(np.random.default_rng(100 + seed), rows=200, ce=1.0, other=1.0)
        found = paired_rows(rows, "ce", COUNTS, draws=200, seed=seed).differences["other"]
        claims += any(found[figure.key].found for figure in FIGURES if figure.primary)
    # Three standard errors above 5% of 40.
    assert claims <= 2 + 3 * np.sqrt(40 * 0.05 * 0.95)


def test_intervals_hold_the_true_difference_about_as_often_as_they_say():
    """The truth is that of many rows."""
    many = simulated(np.random.default_rng(4), rows=50_000, ce=1.0, other=1.3)
    truth = {name: figures_of(rows, COUNTS)["macro_f1"] for name, rows in many.items()}
    true_difference = truth["other"] - truth["ce"]
    held = 0
    for seed in range(40):
        rows = simulated(np.random.default_rng(200 + seed), rows=400, ce=1.0, other=1.3)
        found = paired_rows(rows, "ce", COUNTS, draws=200, seed=seed).differences["other"]
        interval = found["macro_f1"].interval
        held += interval.low <= true_difference <= interval.high
    # Percentile intervals are a little narrow with 16 rows of the rarest class.
    assert held >= 40 * 0.95 - 3 * np.sqrt(40 * 0.95 * 0.05) - 1


def test_a_draw_without_a_rare_class_leaves_the_others(monkeypatch):
    labels = np.array([0, 0, 1, 2, 3])
    rows = Predictions(np.log(np.full((5, 4), 0.25)), labels, CLASSES)
    without = np.array([[2.0, 2, 1, 0, 0]])
    monkeypatch.setattr(module, "_drawn_counts", lambda n, draws, seed: [without])
    drawn = module._figures_of_draws({"only": rows}, COUNTS, 1, 0)["only"]
    # All are called "a"; of the three rarest only "b" has a row in the draw, not found.
    assert drawn["rare_recall"][0] == 0
    assert drawn["accuracy"][0] == pytest.approx(4 / 5)
