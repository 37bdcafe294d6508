"""What `MultiLabelHead` promises: logits, probabilities, loss, and diagnostics against NumPy."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertplay.heads import MultiLabelHead
from bertplay.losses import asymmetric_loss, binary_cross_entropy, sigmoid_focal_loss

H, C, ROWS = 8, 3, 8


def batch(seed=0):
    random = np.random.default_rng(seed)
    logits = random.normal(scale=2.0, size=(ROWS, C)).astype(np.float32)
    targets = random.integers(0, 2, size=(ROWS, C))
    return mx.array(logits), mx.array(targets)


def test_the_default_is_binary_cross_entropy_of_a_pooled_mean_through_one_hidden_layer():
    head = MultiLabelHead(H, C)
    assert head.loss.name == "bce"
    assert [layer.linear.weight.shape for layer in head.hidden] == [(256, H)]
    states = mx.random.normal((4, 5, H), key=mx.random.key(1))
    shuffled = states[:, mx.array([3, 1, 4, 0, 2])]
    np.testing.assert_allclose(head.eval()(states), head(shuffled), atol=1e-6)


def test_one_class_is_enough_and_none_is_refused():
    assert MultiLabelHead(H, 1)(mx.zeros((4, 5, H))).shape == (4, 1)
    with pytest.raises(ValueError, match="num_classes is 0"):
        MultiLabelHead(H, 0)


def test_probabilities_are_the_sigmoid_of_the_logits_without_dropout_in_any_mode():
    head = MultiLabelHead(H, C, dropout=0.5, dropout_samples=2)
    states = mx.random.normal((4, 5, H), key=mx.random.key(1))
    in_training = head.train().predict_proba(states)
    expected = 1 / (1 + np.exp(-np.array(head.eval()(states), np.float64)))
    np.testing.assert_allclose(in_training, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "options", "function"),
    [
        ("bce", {"pos_weight": [0.5, 1.0, 30.0]}, binary_cross_entropy),
        ("focal_bce", {"gamma": 1.0, "alpha": 0.6}, sigmoid_focal_loss),
        ("asymmetric", {"margin": 0.1}, asymmetric_loss),
    ],
)
def test_the_loss_is_the_one_named(loss, options, function):
    logits, targets = batch()
    head = MultiLabelHead(H, C, loss=loss, loss_kwargs=options)
    expected = function(logits, targets, **options)
    assert head.compute_loss(logits, targets).item() == pytest.approx(expected.item())


def test_weights_of_another_number_of_classes_are_refused_when_the_head_is_made():
    with pytest.raises(ValueError, match=r"pos_weight has shape .*one for each of 3 classes"):
        MultiLabelHead(H, C, loss_kwargs={"pos_weight": [1.0, 2.0]})


def test_a_callable_serves_as_loss():
    logits, targets = batch()
    head = MultiLabelHead(H, C, loss=lambda z, y: mx.mean(z * y))
    assert head.compute_loss(logits, mx.zeros_like(targets)).item() == 0.0


@pytest.mark.parametrize("shape", [(ROWS,), (ROWS, 1), (C, ROWS)])
def test_targets_of_another_shape_are_refused(shape):
    head = MultiLabelHead(H, C)
    for method in (head.compute_loss, head.diagnostics):
        with pytest.raises(ValueError, match=r"targets has shape .*: expected \(8, 3\)"):
            method(batch()[0], mx.zeros(shape))


def numpy_diagnostics(logits, targets, weights):
    predicted, true = np.array(logits) > 0, np.array(targets) > 0.5

    def share(rows, of):
        total = (weights[:, None] * of).sum(axis=0)
        found = (weights[:, None] * rows).sum(axis=0)
        return np.divide(found, total, out=np.zeros(C), where=total > 0)

    everything = np.ones((ROWS, C))
    return {
        "positive_share": share(true, everything),
        "predicted_share": share(predicted, everything),
        "precision": share(predicted & true, predicted),
        "recall": share(predicted & true, true),
    }


@given(
    seed=st.integers(0, 1000),
    weights=st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=ROWS - 1, max_size=ROWS - 1),
)
@settings(max_examples=20, deadline=None)
def test_diagnostics_equal_numpy(seed, weights):
    logits, targets = batch(seed)
    weights = np.array([1.0, *weights])
    head = MultiLabelHead(H, C)
    found = head.diagnostics(logits, targets, mx.array(weights))

    loss = head.compute_loss(logits, targets, mx.array(weights)).item()
    expected = {"loss": loss, **numpy_diagnostics(logits, targets, weights)}
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].dtype == mx.float32
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-7, err_msg=name)


def test_a_class_never_true_and_never_predicted_has_figures_of_zero():
    found = MultiLabelHead(H, C).diagnostics(-mx.ones((4, C)), mx.zeros((4, C)))
    del found["loss"]
    assert not any(mx.any(value).item() for value in found.values())


@pytest.mark.parametrize("loss", ["bce", "focal_bce", "asymmetric"])
def test_rows_of_weight_zero_may_hold_anything(loss):
    logits, targets = batch()
    head = MultiLabelHead(H, C, loss=loss)
    weights = mx.array([1.0] * 5 + [0.0] * 3)
    kept = weights[:, None] > 0
    spoilt, unknown = mx.where(kept, logits, mx.nan), mx.where(kept, targets, mx.nan)

    found = head.diagnostics(spoilt, unknown, weights)
    gradient = mx.grad(lambda x: head.compute_loss(x, unknown, weights))(spoilt)

    for name, value in head.diagnostics(logits[:5], targets[:5]).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, err_msg=name)
    assert mx.all(mx.isfinite(gradient)).item()
    assert not mx.any(gradient[5:]).item()


@pytest.mark.parametrize("loss", ["bce", "focal_bce", "asymmetric"])
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_extreme_logits_give_finite_figures(loss, dtype):
    logits = mx.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]]).astype(dtype)
    found = MultiLabelHead(H, C, loss=loss).diagnostics(logits, mx.ones((2, C)))
    assert all(mx.all(mx.isfinite(value)).item() for value in found.values())


def test_diagnostics_are_compiled_and_carry_no_gradient():
    head = MultiLabelHead(H, C)
    logits, targets = batch()

    compiled = mx.compile(head.diagnostics, inputs=head.state)(logits, targets)
    for name, value in head.diagnostics(logits, targets).items():
        np.testing.assert_allclose(compiled[name], value, rtol=1e-6, err_msg=name)
    gradient = mx.grad(lambda x: sum(mx.sum(v) for v in head.diagnostics(x, targets).values()))
    assert not mx.any(gradient(logits)).item()


def test_update_loss_changes_a_compiled_step_without_a_new_trace():
    head = MultiLabelHead(H, C)
    logits, targets = batch()
    traces = []

    def loss(logits, targets):
        traces.append(1)
        return head.compute_loss(logits, targets)

    step = mx.compile(loss, inputs=head.state)
    step(logits, targets)
    head.update_loss(pos_weight=[1.0, 5.0, 20.0])
    expected = binary_cross_entropy(logits, targets, pos_weight=[1.0, 5.0, 20.0])

    assert step(logits, targets).item() == pytest.approx(expected.item(), rel=1e-5)
    assert len(traces) == 1


@pytest.mark.parametrize("loss", ["bce", "focal_bce", "asymmetric"])
def test_it_learns_independent_classes(loss):
    mx.random.seed(0)
    head = MultiLabelHead(H, C, loss=loss, hidden_dims=(16,), dropout=0.0)
    targets = (mx.arange(16)[:, None] // mx.array([1, 2, 4])) % 2
    states = mx.concatenate([4.0 * targets, mx.ones((16, H - C))], axis=1)[:, None]
    optimizer = optim.Adam(learning_rate=0.02)
    step = nn.value_and_grad(head, lambda: head.compute_loss(head(states), targets))
    for _ in range(60):
        loss_value, gradients = step()
        optimizer.update(head, gradients)
        mx.eval(loss_value, head.parameters(), optimizer.state)

    assert mx.array_equal(head.predict_proba(states) > 0.5, targets == 1).item()
