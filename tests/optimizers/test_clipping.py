"""Gradient clipping equals what NumPy computes in double precision."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.optimizers.clipping import clip_by_global_norm


def drawn(*shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


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
