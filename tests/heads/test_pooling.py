"""Laws of pooling: padding never counts, empty rows are finite, half precision is accumulated in
float32."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertplay.heads import AttentionPooling, cls_pool, max_pool, mean_pool

FEATURES = 6
NAMES = ["cls", "mean", "max", "attention"]


def pooling(name: str):
    if name != "attention":
        return {"cls": cls_pool, "mean": mean_pool, "max": max_pool}[name]
    pool = AttentionPooling(FEATURES)
    pool.query = mx.random.normal((FEATURES,), key=mx.random.key(3))
    return pool


def states(batch: int, length: int, seed: int = 0) -> mx.array:
    return mx.random.normal((batch, length, FEATURES), key=mx.random.key(seed))


def close(a, b, atol=1e-6):
    np.testing.assert_allclose(np.array(a), np.array(b), atol=atol, rtol=1e-5)


def test_mean_pool_of_a_full_mask_is_the_mean():
    h = states(3, 5)
    close(mean_pool(h, mx.ones((3, 5), dtype=mx.bool_)), mx.mean(h, axis=1))


def test_max_pool_of_a_full_mask_is_the_maximum():
    h = states(3, 5)
    close(max_pool(h, mx.ones((3, 5), dtype=mx.bool_)), mx.max(h, axis=1))


def test_cls_pool_is_the_first_token():
    h = states(3, 5)
    close(cls_pool(h, mx.ones((3, 5), dtype=mx.bool_)), h[:, 0])


def test_cls_pool_finds_the_first_token_behind_padding_on_the_left():
    h = states(2, 4)
    close(cls_pool(h, mx.array([[0, 0, 1, 1], [0, 1, 1, 1]])), mx.stack([h[0, 2], h[1, 1]]))


def test_mean_pool_equals_numpy_over_the_kept_tokens():
    h, mask = states(2, 4), np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    expected = [np.array(h)[i][mask[i]].mean(axis=0) for i in range(2)]
    close(mean_pool(h, mx.array(mask)), np.stack(expected))


def test_max_pool_of_negative_states_ignores_padding():
    h = mx.array([[[-3.0] * FEATURES, [-2.0] * FEATURES, [5.0] * FEATURES]])
    close(max_pool(h, mx.array([[1, 1, 0]])), mx.full((1, FEATURES), -2.0))


def test_attention_pooling_starts_as_the_mean():
    h, mask = states(2, 4), mx.array([[1, 1, 0, 0], [1, 1, 1, 0]])
    close(AttentionPooling(FEATURES)(h, mask), mean_pool(h, mask))


def test_attention_pooling_equals_numpy():
    h, mask = states(2, 4), np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    pool = pooling("attention")
    expected = []
    for i in range(2):
        tokens = np.array(h)[i][mask[i]]
        scores = np.exp(tokens @ np.array(pool.query) / np.sqrt(FEATURES))
        expected.append(scores / scores.sum() @ tokens)
    close(pool(h, mx.array(mask)), np.stack(expected))


@pytest.mark.parametrize("name", NAMES)
def test_no_mask_is_a_full_mask(name):
    h = states(3, 5)
    close(pooling(name)(h), pooling(name)(h, mx.ones((3, 5), dtype=mx.bool_)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [mx.int32, mx.int64, mx.uint8, mx.float32, mx.bfloat16])
def test_a_mask_of_numbers_is_a_mask_of_booleans(name, dtype):
    h, mask = states(2, 4), mx.array([[True, True, False, False], [True, True, True, True]])
    close(pooling(name)(h, mask.astype(dtype)), pooling(name)(h, mask))


@pytest.mark.parametrize("name", NAMES)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    filling=st.sampled_from([0.0, -1e4, 1e30, float("inf"), float("nan")]),
    seed=st.integers(0, 100),
)
@settings(max_examples=20, deadline=None)
def test_padding_never_changes_the_result(name, lengths, filling, seed):
    mask = mx.arange(6)[None] < mx.array(lengths)[:, None]
    h = states(len(lengths), 6, seed)
    filled = mx.where(mask[..., None], h, filling)
    pool = pooling(name)
    together = pool(filled, mask)
    close(together, pool(h, mask))
    for i, length in enumerate(lengths):
        close(together[i : i + 1], pool(h[i : i + 1, :length]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16, mx.float16])
def test_a_row_of_padding_gives_zeros_and_finite_gradients(name, dtype):
    pool = pooling(name)
    h, mask = states(2, 4).astype(dtype), mx.array([[0, 0, 0, 0], [1, 1, 0, 0]])
    gradient = mx.grad(lambda x: mx.sum(mx.square(pool(x, mask))))(h)

    assert np.array_equal(np.array(pool(h, mask)[0]), np.zeros(FEATURES))
    assert mx.all(mx.isfinite(gradient)).item()
    assert not mx.any(gradient[0]).item()
    assert mx.any(gradient[1, 0]).item()


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_of_padding_is_zero_whatever_it_holds(name):
    pool = pooling(name)
    h, mask = states(1, 4), mx.array([[1, 1, 0, 0]])
    h = mx.where(mask[..., None] > 0, h, float("nan"))
    gradient = mx.grad(lambda x: mx.sum(mx.square(pool(x, mask))))(h)

    assert mx.all(mx.isfinite(gradient)).item()
    assert not mx.any(gradient[:, 2:]).item()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float16])
def test_half_precision_is_accumulated_in_float32(name, dtype):
    h = (100 + states(1, 512)).astype(dtype)
    found = pooling(name)(h)

    assert found.dtype == mx.float32
    close(found, pooling(name)(h.astype(mx.float32)))


@pytest.mark.parametrize("name", NAMES)
def test_compiled_equals_eager(name):
    pool, h, mask = pooling(name), states(2, 4), mx.array([[1, 1, 0, 0], [1, 1, 1, 0]])
    close(mx.compile(pool)(h, mask), pool(h, mask))


@pytest.mark.parametrize("name", NAMES)
def test_wrong_shapes_are_named(name):
    with pytest.raises(ValueError, match=r"hidden_states has shape \(2, 6\)"):
        pooling(name)(mx.zeros((2, FEATURES)))
    with pytest.raises(ValueError, match=r"attention_mask has shape \(2, 3\)"):
        pooling(name)(mx.zeros((2, 4, FEATURES)), mx.ones((2, 3)))
