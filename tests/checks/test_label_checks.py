"""BP401 on simulated predictions: wrong labels are found, and mere doubt raises nothing."""

import re

import numpy as np
import pytest

from bertplay.checks.labels import label_errors
from bertplay.checks.thresholds import Thresholds
from bertplay.diagnostics.confident_learning import doubted_labels

LIMITS = Thresholds()
ROWS = 400


def sure_model(rng, classes=3):
    """Probabilities of a model that is right in every row, and the labels."""
    labels = rng.integers(0, classes, ROWS)
    logits = rng.normal(0, 0.7, (ROWS, classes))
    logits[np.arange(ROWS), labels] += 5
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True), labels


def check(probabilities, labels):
    classes = [f"class {number}" for number in range(probabilities.shape[1])]
    ids = [f"row {number}" for number in range(len(labels))]
    return label_errors(probabilities, labels, classes, ids, LIMITS)


@pytest.mark.parametrize("seed", range(5))
def test_five_percent_wrong_labels_are_found_row_by_row(seed):
    rng = np.random.default_rng(seed)
    probabilities, labels = sure_model(rng)
    wrong = rng.choice(ROWS, 20, replace=False)
    labels[wrong] = (labels[wrong] + 1) % 3

    result = check(probabilities, labels)
    found = doubted_labels(probabilities, labels, LIMITS.label_confidence).rows

    assert result.status == "fired"
    assert set(np.flatnonzero(found)) <= set(wrong)
    assert found.sum() >= 15
    named = {int(row) for row in re.findall(r"row (\d+)", result.message)}
    assert len(named) == 5
    assert named <= set(wrong)


def test_right_labels_raise_nothing():
    assert check(*sure_model(np.random.default_rng(0))).status == "passed"


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("concentration", [0.05, 0.2, 1.0, 3.0])
def test_labels_that_fall_as_often_as_the_model_says_raise_nothing(classes, concentration):
    rng = np.random.default_rng(0)
    for _ in range(10):
        p = np.maximum(rng.dirichlet(np.full(classes, concentration), ROWS), 1e-9)
        p /= p.sum(axis=1, keepdims=True)
        labels = np.array([rng.choice(classes, p=row) for row in p])
        assert check(p, labels).status == "passed"


def test_few_rows_are_not_judged():
    probabilities, labels = sure_model(np.random.default_rng(0))
    assert check(probabilities[:99], labels[:99]).status == "not_applicable"
