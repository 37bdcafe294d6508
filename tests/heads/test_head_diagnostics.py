"""A head's diagnostics, against NumPy and by what they promise about the device."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertplay.heads import ClassificationHeadV2

CLASSES = 4
SHAPES = {
    "loss": (),
    "p_t_mean": (),
    "p_t_min": (),
    "p_t_max": (),
    "confidence": (),
    "entropy": (),
    "accuracy": (),
    "count_per_class": (CLASSES,),
    "accuracy_per_class": (CLASSES,),
    "focal_modulation_per_class": (CLASSES,),
}


def focal_head(gamma: float = 2.0) -> ClassificationHeadV2:
    return ClassificationHeadV2(8, CLASSES, loss="focal", loss_kwargs={"gamma": gamma})


def batch(rows: int = 12, seed: int = 0, classes: int = CLASSES):
    logits = 2 * mx.random.normal((rows, CLASSES), key=mx.random.key(seed))
    labels = mx.random.randint(0, classes, (rows,), key=mx.random.key(seed + 1))
    return logits, labels


def numpy_diagnostics(logits, labels, weights, gamma):
    logits, labels = np.array(logits, dtype=np.float64), np.array(labels)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p_t = p[np.arange(len(p)), labels]
    correct = p.argmax(axis=1) == labels
    members = [(labels == c) & (weights > 0) for c in range(CLASSES)]

    def of_class(values, member):
        return np.average(values[member], weights=weights[member]) if member.any() else 0.0

    return {
        "p_t_mean": np.average(p_t, weights=weights),
        "p_t_min": p_t[weights > 0].min(),
        "p_t_max": p_t[weights > 0].max(),
        "confidence": np.average(p.max(axis=1), weights=weights),
        "entropy": np.average(-(p * np.log(p)).sum(axis=1), weights=weights),
        "accuracy": np.average(correct, weights=weights),
        "count_per_class": [weights[member].sum() for member in members],
        "accuracy_per_class": [of_class(correct, member) for member in members],
        "focal_modulation_per_class": [of_class((1 - p_t) ** gamma, m) for m in members],
    }


def assert_same(found, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(np.array(found[name]), value, rtol=1e-4, atol=1e-6, err_msg=name)


@given(
    seed=st.integers(0, 1000),
    weights=st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=6, max_size=6),
    gamma=st.sampled_from([0.0, 0.5, 2.0]),
)
@settings(max_examples=20, deadline=None)
def test_diagnostics_equal_numpy(seed, weights, gamma):
    weights = np.array([1.0, *weights])
    logits, labels = batch(7, seed)
    found = focal_head(gamma).diagnostics(logits, labels, mx.array(weights))

    assert_same(found, numpy_diagnostics(logits, labels, weights, gamma))


def test_diagnostics_have_these_names_and_shapes():
    found = focal_head().diagnostics(*batch())

    assert {name: value.shape for name, value in found.items()} == SHAPES
    assert all(value.dtype == mx.float32 for value in found.values())


def test_loss_is_the_heads_loss():
    head, (logits, labels) = focal_head(), batch()
    assert head.diagnostics(logits, labels)["loss"].item() == pytest.approx(
        head.compute_loss(logits, labels).item()
    )


def test_no_weights_are_equal_weights():
    logits, labels = batch()
    assert_same(
        focal_head().diagnostics(logits, labels),
        focal_head().diagnostics(logits, labels, mx.ones((12,))),
    )


def test_rows_of_weight_zero_are_as_if_they_were_not_there():
    logits, labels = batch(12)
    weights = mx.array([1.0] * 8 + [0.0] * 4)
    assert_same(
        focal_head().diagnostics(logits, labels, weights),
        focal_head().diagnostics(logits[:8], labels[:8]),
    )


def test_rows_of_weight_zero_may_hold_anything():
    logits, labels = batch(12)
    weights = mx.array([1.0] * 8 + [0.0] * 4)
    padded_logits = mx.where(weights[:, None] > 0, logits, float("nan"))
    padded_labels = mx.where(weights > 0, labels, -1)
    assert_same(
        focal_head().diagnostics(padded_logits, padded_labels, weights),
        focal_head().diagnostics(logits[:8], labels[:8]),
    )


def test_a_class_missing_from_the_batch_has_count_zero_and_no_nan():
    found = focal_head().diagnostics(*batch(classes=3))

    assert found["count_per_class"][3].item() == 0
    assert all(mx.all(mx.isfinite(value)).item() for value in found.values())


def test_soft_labels_count_as_their_likeliest_class():
    logits, labels = batch()
    soft = 0.7 * mx.eye(CLASSES)[labels] + 0.3 / CLASSES
    hard = focal_head().diagnostics(logits, labels)
    found = focal_head().diagnostics(logits, soft)
    del hard["loss"]
    assert_same(found, hard)


def test_modulation_is_one_without_a_focal_loss():
    logits, labels = batch(40)
    head = ClassificationHeadV2(8, CLASSES, loss="ce")
    found = head.diagnostics(logits, labels)["focal_modulation_per_class"]
    np.testing.assert_array_equal(np.array(found), np.ones(CLASSES))


def test_modulation_follows_an_updated_gamma():
    head, (logits, labels) = focal_head(2.0), batch()
    head.update_loss(gamma=1.0)
    assert_same(head.diagnostics(logits, labels), focal_head(1.0).diagnostics(logits, labels))


@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_extreme_logits_give_finite_diagnostics(dtype, gamma):
    logits = mx.array([[1e4, -1e4, 0.0, 0.0], [-1e4, 1e4, 0.0, 0.0]]).astype(dtype)
    found = focal_head(gamma).diagnostics(logits, mx.array([0, 0]))

    assert all(mx.all(mx.isfinite(value)).item() for value in found.values())


def test_compiled_equals_eager():
    head, (logits, labels) = focal_head(), batch()
    weights = mx.arange(12).astype(mx.float32)
    compiled = mx.compile(head.diagnostics, inputs=head.state)
    assert_same(compiled(logits, labels, weights), head.diagnostics(logits, labels, weights))


def test_diagnostics_ride_along_in_a_compiled_training_step():
    head = ClassificationHeadV2(8, CLASSES, loss="focal", dropout=0.0)
    states, labels = mx.random.normal((6, 5, 8), key=mx.random.key(0)), mx.array([0, 1, 2, 3, 0, 1])

    def loss_and_diagnostics(states, labels):
        logits = head(states)
        return head.compute_loss(logits, labels), head.diagnostics(logits, labels)

    value_and_grad = nn.value_and_grad(head, loss_and_diagnostics)
    (_, expected), eager_gradients = value_and_grad(states, labels)
    step = mx.compile(value_and_grad, inputs=head.state, outputs=head.state)
    (loss, found), gradients = step(states, labels)

    assert_same(found, expected)
    assert found["loss"].item() == pytest.approx(loss.item())
    np.testing.assert_allclose(
        gradients["output"]["weight"], eager_gradients["output"]["weight"], rtol=1e-4, atol=1e-6
    )


def test_no_gradient_flows_back_from_diagnostics():
    head, (logits, labels) = focal_head(), batch()
    gradient = mx.grad(lambda x: sum(mx.sum(v) for v in head.diagnostics(x, labels).values()))(
        logits
    )
    assert not mx.any(gradient).item()
