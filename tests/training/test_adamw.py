"""AdamW and gradient clipping equal what NumPy computes in double precision."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.training.optimizer import adamw, clip_by_global_norm

DECAY = 0.1


def drawn(*shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


class MatrixAndVector(nn.Module):
    def __init__(self):
        super().__init__()
        self.matrix = mx.array(drawn(4, 3, seed=0), dtype=mx.float32)
        self.vector = mx.array(drawn(3, seed=1), dtype=mx.float32)


def numpy_adamw(weight, gradients, rates, decay, beta1=0.9, beta2=0.999, eps=1e-8):
    """Algorithm 2 of Loshchilov & Hutter 2019, with the learning rate as the multiplier."""
    first, second = np.zeros_like(weight), np.zeros_like(weight)
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient**2
        corrected = first / (1 - beta1**step), second / (1 - beta2**step)
        weight = weight - rate * (corrected[0] / (np.sqrt(corrected[1]) + eps) + decay * weight)
    return weight


def test_five_steps_equal_double_precision():
    """Matrices decay and vectors do not; the learning rate changes with every step."""
    model, steps = MatrixAndVector(), 5
    before = {name: np.array(leaf, dtype=np.float64) for name, leaf in model.parameters().items()}
    gradients = {
        "matrix": [drawn(4, 3, seed=10 + step) for step in range(steps)],
        "vector": [drawn(3, seed=20 + step) for step in range(steps)],
    }
    rates = [0.01 * (step + 1) for step in range(steps)]
    optimizer = adamw(lambda step: 0.01 * (step.astype(mx.float32) + 1), weight_decay=DECAY)
    optimizer.init(model.trainable_parameters())
    for step in range(steps):
        optimizer.update(
            model, {name: mx.array(g[step], dtype=mx.float32) for name, g in gradients.items()}
        )

    for name, decay in (("matrix", DECAY), ("vector", 0.0)):
        wanted = numpy_adamw(before[name], gradients[name], rates, decay)
        np.testing.assert_allclose(np.array(model[name]), wanted, rtol=1e-5, atol=1e-6)


def test_only_matrices_shrink_without_a_gradient():
    model = MatrixAndVector()
    before = {name: np.array(leaf) for name, leaf in model.parameters().items()}
    optimizer = adamw(lambda step: mx.array(0.5), weight_decay=DECAY)
    optimizer.init(model.trainable_parameters())
    optimizer.update(
        model, {name: mx.zeros_like(leaf) for name, leaf in model.parameters().items()}
    )

    np.testing.assert_allclose(np.array(model.matrix), before["matrix"] * (1 - 0.5 * DECAY), 1e-6)
    np.testing.assert_array_equal(np.array(model.vector), before["vector"])


def numpy_clipped(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1.0, limit / norm) for g in gradients], norm


@given(
    size=st.floats(0.01, 100),
    limit=st.floats(0.01, 100),
    rows=st.sampled_from([1, 7, 8, 21]),
    seed=st.integers(0, 100),
)
def test_clipping_equals_numpy(size, limit, rows, seed):
    """The norm is over all gradients together, and is the one before clipping."""
    gradients = [size * drawn(rows, 4, seed=seed), size * drawn(5, seed=seed + 1)]
    wanted, wanted_norm = numpy_clipped(gradients, limit)
    tree = {"a": [mx.array(gradients[0], dtype=mx.float32)]}
    tree["b"] = mx.array(gradients[1], dtype=mx.float32)

    clipped, norm = clip_by_global_norm(tree, limit)

    assert norm.item() == pytest.approx(wanted_norm, rel=1e-5)
    np.testing.assert_allclose(np.array(clipped["a"][0]), wanted[0], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(np.array(clipped["b"]), wanted[1], rtol=1e-4, atol=1e-7)


def test_a_limit_of_0_turns_clipping_off():
    gradients = {"a": mx.array([[300.0, 400.0]])}

    clipped, norm = clip_by_global_norm(gradients, 0)

    assert clipped["a"].tolist() == [[300.0, 400.0]]
    assert norm.item() == pytest.approx(500.0)
