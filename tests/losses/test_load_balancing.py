"""The load-balancing loss of a mixture of experts."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.losses import load_balancing_loss


@given(seed=st.integers(0, 100), experts=st.integers(1, 8))
def test_it_is_the_squared_distance_of_the_mean_from_an_even_spread(seed, experts):
    p = np.random.default_rng(seed).dirichlet(np.ones(experts), size=(2, 5)).astype(np.float32)
    expected = ((p.reshape(-1, experts).mean(axis=0) - 1 / experts) ** 2).sum()
    assert load_balancing_loss(mx.array(p)).item() == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_certain_routing_is_even_when_every_expert_has_its_turn():
    assert load_balancing_loss(mx.eye(4)).item() == 0


def test_one_expert_for_all_is_the_worst():
    worst = load_balancing_loss(mx.array([[1.0, 0.0, 0.0, 0.0]] * 3))
    assert worst.item() == pytest.approx(1 - 1 / 4)


def test_its_gradient_moves_rows_away_from_the_busiest_expert():
    gradient = mx.grad(load_balancing_loss)(mx.array([[0.8, 0.2], [0.6, 0.4]]))
    assert (np.array(gradient)[:, 0] > 0).all()
    assert (np.array(gradient)[:, 1] < 0).all()


@pytest.mark.parametrize("wrong", [mx.zeros(3), mx.zeros((0, 3)), mx.zeros((2, 3), mx.int32)])
def test_arrays_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match=r"probabilities has shape .*\[N, E\]"):
        load_balancing_loss(wrong)
