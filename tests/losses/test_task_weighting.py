"""Task weights: fixed, learned as uncertainty, moved by gradients."""

import math

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.losses import (
    FixedTaskWeights,
    GradientTaskWeights,
    UncertaintyTaskWeights,
    bounded_weights,
)
from bertplay.losses.task_weighting import HIGHEST, LOWEST

TASKS = ("emotion", "safety", "valence")
ONES = {name: mx.array(1.0) for name in TASKS}


def figures(*values):
    return {name: mx.array(float(value)) for name, value in zip(TASKS, values, strict=True)}


def equal_weights(kind):
    return kind(dict.fromkeys(TASKS, 1.0))


def test_fixed_weights_are_a_weighted_sum():
    weighting = FixedTaskWeights({"emotion": 1.5, "safety": 1.2, "valence": 0.0})
    assert weighting(figures(2.0, 0.5, 100.0)).item() == pytest.approx(1.5 * 2.0 + 1.2 * 0.5)


def test_fixed_weights_change_within_one_trace_of_a_compiled_function():
    weighting, traces = FixedTaskWeights({"emotion": 1.0}), []

    def total(loss):
        traces.append(1)
        return weighting({"emotion": loss})

    compiled = mx.compile(total, inputs=weighting.state)
    before = compiled(mx.array(2.0)).item()
    weighting.set_weights({"emotion": 3.0})
    assert (before, compiled(mx.array(2.0)).item(), len(traces)) == (2.0, 6.0, 1)


@pytest.mark.parametrize("kind", [FixedTaskWeights, GradientTaskWeights])
def test_no_optimizer_trains_them_even_after_unfreeze(kind):
    weighting = equal_weights(kind)
    weighting.unfreeze()
    assert weighting.trainable_parameters() == {}


def test_of_the_uncertainty_only_the_variances_are_trained():
    weighting = equal_weights(UncertaintyTaskWeights)
    weighting.unfreeze()
    assert list(weighting.trainable_parameters()) == ["log_variances"]


@given(
    st.lists(st.floats(0.0, 20.0), min_size=3, max_size=3),
    st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3),
)
def test_uncertainty_equals_the_equation_in_double_precision(losses, raw):
    weighting = UncertaintyTaskWeights(dict(zip(TASKS, (1.0, 0.5, 2.0), strict=True)), ["valence"])
    weighting.log_variances = mx.array(raw)
    bound = math.log(10)
    s = bound * np.tanh(np.array(raw) / bound)
    scale = np.array([1.0, 1.0, 0.5])
    expected = np.sum(np.array([1.0, 0.5, 2.0]) * (np.exp(-s) * scale * losses + s / 2))
    assert weighting(figures(*losses)).item() == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_uncertainty_finds_the_variance_that_is_the_loss_itself():
    """`exp(-s) L + s / 2` is smallest at `exp(-s) = 1 / (2 L)`, of a regression at `1 / L`."""
    losses = figures(0.5, 2.0, 0.4)
    weighting = UncertaintyTaskWeights(dict.fromkeys(TASKS, 1.0), ["valence"])
    optimizer = optim.Adam(0.05)
    step = nn.value_and_grad(weighting, lambda: weighting(losses))
    for _ in range(400):
        _, gradients = step()
        optimizer.update(weighting, gradients)
    wanted = {"emotion": 1.0, "safety": 0.25, "valence": 0.5 / 0.4}
    assert weighting.weights() == pytest.approx(wanted, rel=1e-2)


def test_uncertainty_stays_within_bounds_whatever_it_learns():
    weighting = equal_weights(UncertaintyTaskWeights)
    weighting.log_variances = mx.array([-1e4, 0.0, 1e4])
    weights = weighting.weights()
    assert weights["emotion"] == pytest.approx(10.0, rel=1e-5)
    assert weights["valence"] == pytest.approx(0.1, rel=1e-5)


def test_a_task_without_rows_does_not_move_its_variance():
    weighting = equal_weights(UncertaintyTaskWeights)
    present = figures(1, 0, 1)
    _, gradients = nn.value_and_grad(weighting, lambda: weighting(figures(1, 0, 1), present))()
    assert gradients["log_variances"].tolist()[1] == 0.0


def test_gradient_weights_even_out_the_pull_of_the_tasks():
    weighting = equal_weights(GradientTaskWeights)
    norms = figures(4.0, 1.0, 2.0)
    for _ in range(200):
        weighting.observe(ONES, norms, ONES)
    pulls = [
        weight * norm.item()
        for weight, norm in zip(weighting.weights().values(), norms.values(), strict=True)
    ]
    assert pulls == pytest.approx([pulls[0]] * 3, rel=1e-3)
    assert np.mean(list(weighting.weights().values())) == pytest.approx(1.0, rel=1e-5)


def test_gradient_weights_favour_the_task_that_learns_slowest():
    weighting = equal_weights(GradientTaskWeights)
    weighting.observe(ONES, ONES, ONES)
    for _ in range(50):
        weighting.observe(figures(0.2, 0.5, 0.9), ONES, ONES)
    weights = weighting.weights()
    assert weights["emotion"] < weights["safety"] < weights["valence"]


def test_without_asymmetry_only_the_gradients_count():
    weighting = GradientTaskWeights(dict.fromkeys(TASKS, 1.0), asymmetry=0.0)
    for losses in (figures(1, 1, 1), figures(0.1, 0.5, 0.9)):
        weighting.observe(losses, ONES, ONES)
    assert list(weighting.weights().values()) == pytest.approx([1.0] * 3)


def test_a_task_without_rows_keeps_its_gradient_weight():
    weighting = GradientTaskWeights({"emotion": 1.0, "valence": 1.0})
    there = {"emotion": mx.array(1.0), "valence": mx.array(0.0)}
    weighting.observe({n: ONES[n] for n in there}, {n: ONES[n] for n in there}, there)
    assert weighting.weights() == pytest.approx({"emotion": 1.0, "valence": 1.0})
    assert weighting.first_losses.tolist() == [1.0, 0.0]


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=8))
def test_bounded_weights_have_mean_one_and_keep_the_order_and_the_bounds(values):
    weights = list(bounded_weights({str(n): value for n, value in enumerate(values)}).values())
    assert np.mean(weights) == pytest.approx(1.0, abs=1e-6)
    assert min(weights) >= LOWEST - 1e-6
    assert max(weights) <= HIGHEST + 1e-6
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(weights)[order]) >= -1e-6).all()


def test_bounded_weights_that_need_no_bound_are_in_proportion():
    assert bounded_weights({"a": 2.0, "b": 4.0, "c": 6.0}) == {"a": 0.5, "b": 1.0, "c": 1.5}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "weights is empty"),
        ({"a": -1.0}, r"the weight of task 'a' is -1: expected a number of at least 0"),
        ({"a": math.nan}, "the weight of task 'a' is nan"),
        ({"a": 0.0, "b": 0.0}, "at least one must be greater than 0"),
    ],
)
@pytest.mark.parametrize("kind", [FixedTaskWeights, UncertaintyTaskWeights, GradientTaskWeights])
def test_wrong_weights_are_refused(kind, weights, message):
    with pytest.raises(ValueError, match=message):
        kind(weights)


@pytest.mark.parametrize("kind", [FixedTaskWeights, UncertaintyTaskWeights, GradientTaskWeights])
def test_losses_of_other_tasks_are_refused(kind):
    weighting = equal_weights(kind)
    with pytest.raises(ValueError, match="there is no task 'joy'"):
        weighting({**ONES, "joy": mx.array(1.0)})
    with pytest.raises(ValueError, match="there is no figure of task 'valence'"):
        weighting({"emotion": mx.array(1.0), "safety": mx.array(1.0)})


def test_a_weight_for_an_unknown_task_is_refused():
    weighting = FixedTaskWeights({"emotion": 1.0})
    with pytest.raises(ValueError, match="there is no task 'emotio': choose from emotion"):
        weighting.set_weights({"emotio": 2.0})
