"""Weights and thresholds against brute force on small data."""

import itertools

import numpy as np
import pytest
from drawn_rows import drawn

from bertplay.decisions.weight_search import (
    balanced_accuracy,
    best_weights,
    macro_f1,
    recall_weights,
    swept,
)
from bertplay.metrics import evaluate
from bertplay.prediction import softmax

SCORES = {"macro_f1": macro_f1, "balanced_accuracy": balanced_accuracy}


def shifted(seed: int, rows: int, classes: int):
    """Probabilities that are wrong in the same direction everywhere, and the labels."""
    data = drawn(seed, rows=rows, classes=classes)
    return softmax(data.logits + 1.5 * np.arange(classes)), data.labels


def value(name: str, decided, labels, classes: int) -> float:
    metrics = evaluate(np.eye(classes)[decided], labels, range(classes))
    return getattr(metrics, name)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_a_sweep_has_the_figures_that_each_weight_gives(name, classes, seed):
    shares, labels = shifted(seed, 25, classes)
    # A class that no row has, and one that no row is given.
    labels = np.where(labels == 1, 0, labels)
    shares[:, 0] *= 1e-9
    shares /= shares.sum(axis=1, keepdims=True)
    weights = np.ones(classes)
    for c in range(classes):
        sweep = swept(shares, labels, weights, c)
        found = SCORES[name](sweep)
        for count in np.flatnonzero(sweep.possible):
            weights[c] = sweep.weight(count, np.nan)
            decided = (shares * weights).argmax(axis=1)
            assert (decided == c).sum() == count
            assert found[count] == pytest.approx(value(name, decided, labels, classes), abs=1e-12)
        weights[c] = 1.0


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("seed", range(10))
def test_with_two_classes_no_threshold_is_better(name, seed):
    shares, labels = shifted(seed, 40, 2)
    second = shares[:, 1]
    middles = np.r_[-1.0, np.sort(second), 2.0]
    thresholds = (middles[1:] + middles[:-1]) / 2
    best = max(value(name, (second > t).astype(int), labels, 2) for t in thresholds)

    weights = best_weights(shares, labels, SCORES[name])

    decided = (shares * weights).argmax(axis=1)
    assert value(name, decided, labels, 2) == pytest.approx(best, abs=1e-12)
    assert weights.sum() == pytest.approx(1)
    assert (decided == (second > weights[0])).all()


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("seed", range(6))
def test_with_three_classes_it_comes_near_to_the_best_of_a_grid(name, seed):
    shares, labels = shifted(seed, 40, 3)
    grid = np.geomspace(1e-2, 1e2, 60)
    best = max(
        value(name, (shares * (1.0, a, b)).argmax(axis=1), labels, 3)
        for a, b in itertools.product(grid, grid)
    )

    found = best_weights(shares, labels, SCORES[name])

    ours = value(name, (shares * found).argmax(axis=1), labels, 3)
    # No change of a single weight improves it, which is not always the best of all.
    assert ours >= best - 0.03
    for c, factor in itertools.product(range(3), grid):
        moved = found * np.where(np.arange(3) == c, factor, 1.0)
        assert value(name, (shares * moved).argmax(axis=1), labels, 3) <= ours + 1e-12


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("precision", [0.6, 0.8, 1.0])
def test_no_threshold_finds_more_of_a_class_with_the_precision(precision, seed):
    shares, labels = shifted(seed, 40, 2)
    best = 0.0
    for threshold in np.r_[0, np.unique(shares[:, 1])]:
        given = shares[:, 1] > threshold
        if given.any() and labels[given].mean() >= precision:
            best = max(best, labels[given].sum() / labels.sum())

    weights = recall_weights(shares, labels, 1, precision)

    if best == 0:
        assert weights is None
        return
    given = (shares * weights).argmax(axis=1) == 1
    assert labels[given].mean() >= precision
    assert labels[given].sum() / labels.sum() == pytest.approx(best)


def test_a_precision_that_no_threshold_reaches_gives_none():
    shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])

    assert recall_weights(shares, np.array([1, 0, 0]), 1, 0.9) is None


def test_rows_that_are_alike_are_never_told_apart():
    """As isotonic calibration gives equal probabilities to many rows."""
    shares = np.array([[0.5, 0.5]] * 4 + [[0.8, 0.2]] * 4)
    labels = np.array([1, 1, 0, 1, 0, 0, 1, 0])

    weights = best_weights(shares, labels, macro_f1)

    decided = (shares * weights).argmax(axis=1)
    assert decided.tolist() in ([1] * 4 + [0] * 4, [0] * 8, [1] * 8)
    assert decided.tolist() == [1] * 4 + [0] * 4


def test_where_equal_weights_are_as_good_they_stay():
    shares = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])

    assert best_weights(shares, np.array([0, 1, 1]), macro_f1).tolist() == [0.5, 0.5]


def test_certain_probabilities_are_no_trouble():
    shares = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]])
    labels = np.array([0, 2, 2, 1])

    weights = best_weights(shares, labels, macro_f1)

    assert np.isfinite(weights).all()
    assert (weights > 0).all()
