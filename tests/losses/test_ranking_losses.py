"""Ranking losses against loops over pairs and lists, and what the order alone decides."""

from functools import partial

import mlx.core as mx
import numpy as np
import pytest
from float64_reference import finite_differences
from hypothesis import given
from hypothesis import strategies as st

from bertplay.losses import listnet_loss, pairwise_margin_loss

LISTS, ITEMS = 3, 5


def batch(seed=0):
    random = np.random.default_rng(seed)
    scores = random.normal(size=(LISTS, ITEMS)).astype(np.float32)
    relevance = random.integers(0, 3, size=(LISTS, ITEMS))
    mask = random.uniform(size=(LISTS, ITEMS)) < 0.8
    return scores, relevance, mask


def lists_of(scores, relevance, mask):
    mask = np.ones(scores.shape, bool) if mask is None else mask
    for s, r, kept in zip(scores, relevance, mask, strict=True):
        yield s[kept], r[kept]


def reference_pairs(scores, relevance, *, margin, mask=None):
    """Herbrich et al. 2000: the hinge of every pair that has an order."""
    losses = []
    for s, r in lists_of(scores, relevance, mask):
        pairs = [(i, j) for i in range(len(s)) for j in range(len(s)) if r[i] > r[j]]
        if pairs:
            losses.append(np.mean([max(0.0, margin - (s[i] - s[j])) for i, j in pairs]))
    return np.mean(losses) if losses else 0.0


def reference_listnet(scores, relevance, *, temperature, mask=None):
    """Cao et al. 2007, equation 5, for the top-one probabilities."""
    losses = []
    for s, r in lists_of(scores, relevance, mask):
        if len(s):
            q = np.exp(r / temperature) / np.exp(r / temperature).sum()
            losses.append(-(q * (s - np.log(np.exp(s).sum()))).sum())
    return np.mean(losses) if losses else 0.0


CASES = {
    "pairs": (partial(pairwise_margin_loss, margin=0.7), partial(reference_pairs, margin=0.7)),
    "listnet": (
        partial(listnet_loss, temperature=2.0),
        partial(reference_listnet, temperature=2.0),
    ),
}
every_case = pytest.mark.parametrize(("loss", "reference"), CASES.values(), ids=CASES)


@every_case
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_value_is_that_of_the_float64_reference(loss, reference, masked, seed):
    scores, relevance, mask = batch(seed)
    mask = mask if masked else None
    found = loss(
        mx.array(scores), mx.array(relevance), mask=None if mask is None else mx.array(mask)
    )
    expected = reference(scores.astype(np.float64), relevance, mask=mask)
    assert found.dtype == mx.float32
    assert found.item() == pytest.approx(expected, rel=2e-5)


@every_case
def test_the_gradient_is_that_of_the_float64_reference_by_finite_differences(loss, reference):
    scores, relevance, mask = batch(1)
    gradient = mx.grad(lambda s: loss(s, mx.array(relevance), mask=mx.array(mask)))(
        mx.array(scores)
    )
    expected = finite_differences(
        lambda s: reference(s, relevance, mask=mask), scores.astype(np.float64)
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


@every_case
def test_what_fills_a_list_up_does_not_exist_whatever_it_holds(loss, reference):
    scores, relevance, _ = batch()
    padded = np.concatenate([scores, np.full((LISTS, 1), np.nan, np.float32)], axis=1)
    more = np.concatenate([relevance, np.full((LISTS, 1), 9)], axis=1)
    mask = mx.array(np.arange(ITEMS + 1) < ITEMS)[None] & mx.ones((LISTS, 1), mx.bool_)

    value, gradient = mx.value_and_grad(lambda s: loss(s, mx.array(more), mask=mask))(
        mx.array(padded)
    )

    expected = loss(mx.array(scores), mx.array(relevance))
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    assert (np.array(gradient)[:, -1] == 0).all()


@every_case
@given(seed=st.integers(0, 100), shift=st.integers(-100, 100))
def test_a_shift_of_all_scores_of_a_list_changes_nothing(loss, reference, seed, shift):
    scores, relevance, _ = batch(seed)
    scores = np.round(scores * 4) / 4
    found, expected = (
        loss(mx.array(s), mx.array(relevance)).item() for s in (scores + shift, scores)
    )
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)


@every_case
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_values_and_gradients_are_finite_at_extreme_scores(loss, reference, dtype):
    scores = mx.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], dtype=dtype)
    value, gradient = mx.value_and_grad(loss)(scores, mx.array([[0, 1, 2], [2, 1, 1]]))
    assert np.isfinite(value.item())
    assert np.isfinite(np.array(gradient.astype(mx.float32))).all()


@every_case
def test_compiled_and_eager_steps_agree(loss, reference):
    scores, relevance, _ = batch()
    step = mx.value_and_grad(loss)
    arrays = mx.array(scores), mx.array(relevance)
    for found, expected in zip(mx.compile(step)(*arrays), step(*arrays), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@every_case
def test_lists_without_items_count_not_at_all(loss, reference):
    scores, relevance, _ = map(mx.array, batch())
    empty = mx.zeros((LISTS, ITEMS), mx.bool_)
    assert loss(scores, relevance, mask=empty).item() == 0
    first = mx.arange(LISTS)[:, None] == 0
    one_list = loss(scores, relevance, mask=first & mx.ones((LISTS, ITEMS), mx.bool_))
    assert one_list.item() == pytest.approx(loss(scores[:1], relevance[:1]).item(), rel=1e-6)


def test_pairs_in_the_right_order_with_the_margin_between_them_cost_nothing():
    assert pairwise_margin_loss(mx.array([[3.0, 2.0, 0.5]]), mx.array([[2, 1, 0]])).item() == 0


def test_equally_relevant_items_make_no_pair():
    assert pairwise_margin_loss(mx.array([[0.0, 5.0]]), mx.array([[1, 1]])).item() == 0


def test_listnet_is_least_where_the_scores_are_the_relevances():
    relevance = mx.array([[2.0, 0.0, -1.0]])
    gradient = mx.grad(listnet_loss)(relevance, relevance)
    np.testing.assert_allclose(gradient, np.zeros((1, 3)), atol=1e-6)


@pytest.mark.parametrize("loss", [pairwise_margin_loss, listnet_loss])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scores": mx.zeros(3)}, r"scores has shape \(3,\).*\[B, D\]"),
        ({"scores": mx.zeros((2, 3), mx.int32)}, "int32: expected floats"),
        ({"relevance": mx.zeros((2, 2))}, r"relevance has shape \(2, 2\): expected \(2, 3\)"),
        ({"mask": mx.ones((1, 3))}, r"mask has shape \(1, 3\): expected \(2, 3\)"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(loss, arguments, message):
    with pytest.raises(ValueError, match=message):
        loss(**{"scores": mx.zeros((2, 3)), "relevance": mx.zeros((2, 3)), **arguments})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(pairwise_margin_loss, margin=-1.0), "margin is -1"),
        (partial(listnet_loss, temperature=0.0), "temperature is 0"),
    ],
)
def test_options_out_of_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(mx.zeros((2, 3)), mx.zeros((2, 3)))
