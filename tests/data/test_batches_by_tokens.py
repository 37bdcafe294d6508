"""Batches of at most so many tokens: short texts in larger ones, shapes as few as ever."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.data.batch_size import (
    BatchSize,
    batches_of_size,
    padding_fraction,
    require_texts_fit,
)
from bertplay.data.batches import choose_lengths
from bertplay.data.emotions import read_emotions
from bertplay.data.errors import InputError

token_counts = st.lists(st.integers(2, 60), min_size=1, max_size=120)
max_tokens = st.integers(60, 600)
seeds = st.none() | st.integers(0, 99)


def planned(lengths, tokens, seed, shapes=4, batches=1):
    rng = None if seed is None else np.random.default_rng(seed)
    size = BatchSize(1, tokens, batches)
    return size, batches_of_size(lengths, choose_lengths(lengths, shapes), size, rng=rng)


@given(token_counts, max_tokens, seeds)
def test_every_row_is_in_exactly_one_batch_that_is_long_enough(lengths, tokens, seed):
    _, batches = planned(lengths, tokens, seed)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(lengths)))
    for batch in batches:
        assert max(lengths[row] for row in batch.rows) <= batch.length


@given(token_counts, max_tokens, seeds)
def test_no_batch_is_above_the_tokens_and_each_length_has_one_shape(lengths, tokens, seed):
    size, batches = planned(lengths, tokens, seed)
    for batch in batches:
        assert len(batch.rows) <= size.at(batch.length)
        assert size.at(batch.length) * batch.length <= tokens
        assert (size.at(batch.length) + 1) * batch.length > tokens


@given(token_counts, max_tokens, seeds)
def test_at_most_one_batch_is_partial(lengths, tokens, seed):
    size, batches = planned(lengths, tokens, seed)
    partial = [batch for batch in batches if len(batch.rows) < size.at(batch.length)]
    assert len(partial) <= 1


@given(token_counts, max_tokens)
def test_every_epoch_has_as_many_batches(lengths, tokens):
    assert len({len(planned(lengths, tokens, seed)[1]) for seed in (None, *range(5))}) == 1


@given(token_counts, st.integers(1, 9), seeds)
def test_texts_of_one_length_go_in_batches_of_a_fixed_size(lengths, rows, seed):
    lengths = [7] * len(lengths)
    _, batches = planned(lengths, 7 * rows, seed)
    assert len(batches) == -(-len(lengths) // rows)


def test_the_generator_decides_the_order_and_what_is_together():
    lengths = np.arange(200) % 30 + 2

    def order(seed):
        return [row for batch in planned(lengths, 100, seed)[1] for row in batch.rows]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_a_step_of_several_batches_has_the_rows_of_all_of_them():
    size, batches = planned([10] * 100, 50, 0, batches=4)
    assert size.at(10) == 20
    assert [len(batch.rows) for batch in batches] == [20] * 5


def test_the_built_in_emotions_take_fewer_steps_than_batches_of_the_same_memory():
    """Words stand for tokens; a fixed size must leave room for its longest texts."""
    lengths = np.array([len(text.split()) + 2 for text in read_emotions()["text"]])
    shapes = choose_lengths(lengths)
    fixed, by_tokens = BatchSize(32), BatchSize(32, 32 * shapes[-1])
    counts, padding = [], []
    for size in (fixed, by_tokens):
        batches = batches_of_size(lengths, shapes, size, rng=np.random.default_rng(0))
        counts.append(len(batches))
        padding.append(padding_fraction(lengths, batches, size))
    assert counts[1] < 0.7 * counts[0]
    assert padding[1] < padding[0] + 0.03


def test_a_text_that_is_longer_than_a_batch_is_refused():
    with pytest.raises(InputError, match="max_tokens is 8, and the longest text has 9 tokens"):
        require_texts_fit([4, 9], 8)
    require_texts_fit([4, 9], 9)
    require_texts_fit([4, 9], None)
    with pytest.raises(ValueError, match="9 tokens are more than max_tokens 8"):
        BatchSize(1, 8).at(9)


def test_a_text_that_is_longer_than_the_padded_lengths_is_refused():
    with pytest.raises(ValueError, match="the longest text has 9 tokens"):
        batches_of_size([4, 9], (4, 8), BatchSize(1, 32))
