"""What `RegressionHead` promises: numbers, their loss, and diagnostics against NumPy."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertplay.heads import RegressionHead
from bertplay.losses import concordance_loss, huber_loss, mean_squared_error

H, D, ROWS = 8, 2, 6


def batch(seed=0, outputs=D):
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(2, ROWS, outputs)).astype(np.float32)
    return mx.array(x), mx.array(y)


def test_one_number_is_predicted_unless_more_are_asked_for():
    states = mx.zeros((4, 5, H))
    assert RegressionHead(H)(states).shape == (4, 1)
    assert RegressionHead(H, 3)(states).shape == (4, 3)


def test_the_default_is_the_squared_error_of_a_pooled_mean_through_one_hidden_layer():
    head = RegressionHead(H)
    assert head.loss.name == "mse"
    assert [layer.linear.weight.shape for layer in head.hidden] == [(256, H)]
    states = mx.random.normal((4, 5, H), key=mx.random.key(1))
    shuffled = states[:, mx.array([3, 1, 4, 0, 2])]
    np.testing.assert_allclose(head.eval()(states), head(shuffled), atol=1e-6)


@pytest.mark.parametrize(
    ("loss", "options", "function"),
    [
        ("mse", {}, mean_squared_error),
        ("huber", {"delta": 0.3}, huber_loss),
        ("ccc", {}, concordance_loss),
    ],
)
def test_the_loss_is_the_one_named(loss, options, function):
    outputs, targets = batch()
    head = RegressionHead(H, D, loss=loss, loss_kwargs=options)
    expected = function(outputs, targets, **options)
    assert head.compute_loss(outputs, targets).item() == pytest.approx(expected.item())


def test_a_callable_serves_as_loss():
    outputs, targets = batch()
    head = RegressionHead(H, D, loss=lambda x, y: mx.max(mx.abs(x - y)))
    assert head.compute_loss(outputs, outputs + 1).item() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="must return a scalar"):
        RegressionHead(H, D, loss=nn.losses.cross_entropy).compute_loss(outputs, targets)


def test_targets_of_one_output_may_be_a_vector():
    head = RegressionHead(H)
    outputs, targets = batch(outputs=1)
    for method in (head.compute_loss, lambda *args: head.diagnostics(*args)["mean_error"]):
        expected = method(outputs, targets).item()
        assert method(outputs, targets[:, 0]).item() == expected


def test_whole_numbers_serve_as_targets():
    head = RegressionHead(H)
    outputs = mx.array([[1.5], [2.0]])
    assert head.compute_loss(outputs, mx.array([1, 2])).item() == pytest.approx(0.125)


@pytest.mark.parametrize("shape", [(ROWS,), (ROWS, 1), (ROWS - 1, D), (D, ROWS)])
def test_targets_of_another_shape_are_refused(shape):
    head = RegressionHead(H, D)
    outputs, _ = batch()
    for method in (head.compute_loss, head.diagnostics):
        with pytest.raises(ValueError, match=r"targets has shape .*: expected \(6, 2\)"):
            method(outputs, mx.zeros(shape))


@given(
    seed=st.integers(0, 1000),
    weights=st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=5, max_size=5),
)
@settings(max_examples=20, deadline=None)
def test_diagnostics_equal_numpy(seed, weights):
    outputs, targets = batch(seed)
    weights = np.array([1.0, *weights])
    found = RegressionHead(H, D).diagnostics(outputs, targets, mx.array(weights))

    errors = np.array(outputs, np.float64) - np.array(targets, np.float64)
    expected = {
        "loss": np.average((errors**2).mean(axis=1), weights=weights),
        "mean_absolute_error": np.average(np.abs(errors), axis=0, weights=weights),
        "mean_error": np.average(errors, axis=0, weights=weights),
    }
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].dtype == mx.float32
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("loss", ["mse", "huber", "ccc"])
def test_rows_of_weight_zero_may_hold_anything(loss):
    outputs, targets = batch()
    head = RegressionHead(H, D, loss=loss)
    weights = mx.array([1.0] * 4 + [0.0] * 2)
    spoilt = mx.where(weights[:, None] > 0, targets, mx.nan)

    found = head.diagnostics(outputs, spoilt, weights)
    gradient = mx.grad(lambda x: head.compute_loss(x, spoilt, weights))(outputs)

    for name, value in head.diagnostics(outputs[:4], targets[:4]).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, err_msg=name)
    assert mx.all(mx.isfinite(gradient)).item()
    assert not mx.any(gradient[4:]).item()


def test_a_batch_that_weighs_nothing_has_figures_of_zero():
    found = RegressionHead(H, D).diagnostics(*batch(), mx.zeros(ROWS))
    assert not any(mx.any(value).item() for value in found.values())


def test_diagnostics_are_compiled_and_carry_no_gradient():
    head = RegressionHead(H, D)
    outputs, targets = batch()

    compiled = mx.compile(head.diagnostics, inputs=head.state)(outputs, targets)
    for name, value in head.diagnostics(outputs, targets).items():
        np.testing.assert_allclose(compiled[name], value, rtol=1e-6, err_msg=name)
    gradient = mx.grad(lambda x: sum(mx.sum(v) for v in head.diagnostics(x, targets).values()))
    assert not mx.any(gradient(outputs)).item()


def test_update_loss_changes_delta():
    head = RegressionHead(H, D, loss="huber")
    outputs, targets = batch()
    head.update_loss(delta=0.1)
    expected = huber_loss(outputs, targets, delta=0.1)
    assert head.compute_loss(outputs, targets).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("loss", ["mse", "huber", "ccc"])
def test_it_learns_a_feature_of_the_states(loss):
    mx.random.seed(0)
    head = RegressionHead(H, loss=loss, hidden_dims=(16,), dropout=0.0)
    states = mx.random.normal((32, 5, H), key=mx.random.key(2))
    targets = 2 * mx.mean(states[..., 0], axis=1)
    optimizer = optim.Adam(learning_rate=0.02)
    step = nn.value_and_grad(head, lambda: head.compute_loss(head(states), targets))
    for _ in range(80):
        loss_value, gradients = step()
        optimizer.update(head, gradients)
        mx.eval(loss_value, head.parameters(), optimizer.state)

    outputs = head.eval()(states)[:, 0]
    assert np.corrcoef(np.array(outputs), np.array(targets))[0, 1] > 0.95
