"""Whose loss and gradient are large, where the equation says it."""

import numpy as np
import pytest

from bertplay.diagnostics import loss_shares
from bertplay.diagnostics.loss_shares import row_shares

COUNTS = {"a": 60, "b": 40}
CE = {"name": "ce", "arguments": {}}


def test_cross_entropy_is_its_own_measure():
    p = np.array([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]])

    found = row_shares(p, np.array([0, 0, 1]), CE, COUNTS)

    # The gradient's norm is sqrt(2) (1 - p) for two classes.
    np.testing.assert_allclose(found.gradient, np.array([0.1, 0.7, 0.6]) / 1.4, rtol=1e-5)
    of_label = -np.log([0.9, 0.3, 0.4])
    np.testing.assert_allclose(found.loss, of_label / of_label.sum(), rtol=1e-5)


def test_focal_loss_looks_at_hard_rows():
    """Of two classes its gradient is `(1 - p)^g (1 - p - g p log p)` times cross-entropy's."""
    p, probabilities = np.array([0.9, 0.3]), np.array([[0.9, 0.1], [0.3, 0.7]])
    focal = {"name": "focal", "arguments": {"gamma": 2.0, "alpha": None}}

    found = row_shares(probabilities, np.array([0, 0]), focal, COUNTS)

    gradient = (1 - p) ** 2 * (1 - p - 2 * p * np.log(p))
    np.testing.assert_allclose(found.gradient, gradient / gradient.sum(), rtol=1e-4)
    loss = (1 - p) ** 2 * -np.log(p)
    np.testing.assert_allclose(found.loss, loss / loss.sum(), rtol=1e-4)


def test_class_weights_move_shares_to_the_class_they_weigh():
    p, labels = np.full((4, 2), 0.5), np.array([0, 0, 0, 1])
    weighted = {"name": "weighted_ce", "arguments": {"class_weights": [1.0, 3.0]}}

    found = loss_shares(p, labels, ["a", "b"], weighted, COUNTS)

    a, b = found.by_class
    assert (a.rows, b.rows) == (0.75, 0.25)
    assert (b.plain_loss, b.plain_gradient) == pytest.approx((0.25, 0.25))
    assert (b.loss, b.gradient) == pytest.approx((0.5, 0.5))


def test_rows_are_grouped_from_hard_to_easy():
    p = np.array([[0.1, 0.9], [0.5, 0.5], [1.0, 0.0]])

    found = loss_shares(p, np.array([0, 0, 0]), ["a", "b"], CE, COUNTS).by_difficulty

    assert [of.group for of in found][::4] == ["0.0 to 0.2", "0.8 to 1.0"]
    assert [of.rows for of in found] == pytest.approx([1 / 3, 0, 1 / 3, 0, 1 / 3])
    assert found[0].gradient == pytest.approx(0.9 / 1.4, rel=1e-4)


def test_a_loss_that_changes_is_looked_at_where_training_has_taken_it():
    p, labels = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0, 0])
    adaptive = {"name": "adaptive", "arguments": {"class_weights": None, "alpha": None}}

    first = row_shares(p, labels, adaptive, COUNTS, 0.0)
    last = row_shares(p, labels, adaptive, COUNTS, 1.0)

    plain = row_shares(p, labels, CE, COUNTS)
    np.testing.assert_allclose(first.gradient, plain.gradient, rtol=1e-5)
    assert last.gradient[1] > first.gradient[1]


def test_a_loss_of_the_whole_batch_has_gradients_but_no_shares_of_rows():
    p, labels = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0, 1])

    found = row_shares(p, labels, {"name": "dice", "arguments": {}}, COUNTS)

    assert found.loss is None
    assert found.gradient.sum() == pytest.approx(1)
