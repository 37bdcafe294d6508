"""Batches of few shapes: complete, nearly unpadded, repeatable."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.data.batch_size import BatchSize, padding_fraction
from bertplay.data.batches import (
    Batch,
    choose_lengths,
    pad_batch,
    plan_batches,
)
from bertplay.data.table import read_table
from bertplay.data.tokenizer import encode_texts, load_tokenizer

token_counts = st.lists(st.integers(2, 60), min_size=1, max_size=120)


def padded_tokens(lengths, shapes):
    return sum(min(shape for shape in shapes if shape >= length) for length in lengths)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=25), st.integers(1, 5))
def test_the_chosen_lengths_are_the_best_of_all(lengths, max_shapes):
    chosen = choose_lengths(lengths, max_shapes)
    shorter = sorted(set(lengths) - {max(lengths)})
    best = min(
        padded_tokens(lengths, [*choice, max(lengths)])
        for size in range(min(max_shapes, len(shorter) + 1))
        for choice in combinations(shorter, size)
    )
    assert padded_tokens(lengths, chosen) == best
    assert len(chosen) <= max_shapes
    assert list(chosen) == sorted(set(chosen))
    assert chosen[-1] == max(lengths)


@given(st.dictionaries(st.integers(1, 40), st.integers(1, 9), min_size=1), st.integers(1, 5))
def test_lengths_with_counts_stand_for_as_many_texts(counts, max_shapes):
    lengths = [length for length, count in counts.items() for _ in range(count)]
    chosen = choose_lengths(list(counts), max_shapes, counts=list(counts.values()))
    assert chosen == choose_lengths(lengths, max_shapes)


def test_few_distinct_lengths_need_no_padding():
    assert choose_lengths([7, 3, 7, 5], max_shapes=8) == (3, 5, 7)


@given(token_counts, st.integers(1, 6), st.integers(1, 16), st.none() | st.integers(0, 99))
def test_every_row_is_in_exactly_one_batch_that_is_long_enough(lengths, shapes, batch_size, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    padded = choose_lengths(lengths, shapes)
    batches = plan_batches(lengths, padded, batch_size, rng=rng)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(lengths)))
    for batch in batches:
        assert batch.length in padded
        assert max(lengths[row] for row in batch.rows) <= batch.length


@given(token_counts, st.integers(1, 6), st.integers(1, 16), st.none() | st.integers(0, 99))
def test_at_most_one_batch_is_partial(lengths, shapes, batch_size, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    batches = plan_batches(lengths, choose_lengths(lengths, shapes), batch_size, rng=rng)
    assert len(batches) == -(-len(lengths) // batch_size)
    sizes = sorted(len(batch.rows) for batch in batches)
    assert sizes[0] >= 1
    assert all(size == batch_size for size in sizes[1:])


def test_the_partial_batch_is_a_short_one():
    lengths = [5] * 10 + [50] * 25
    for rng in (None, np.random.default_rng(0)):
        batches = plan_batches(lengths, (5, 50), 8, rng=rng)
        assert [batch.length for batch in batches if len(batch.rows) < 8] == [5]


def test_the_generator_decides_the_order():
    lengths = np.arange(200) % 30 + 2
    padded = choose_lengths(lengths, 4)

    def order(seed: int) -> list[int]:
        batches = plan_batches(lengths, padded, 16, rng=np.random.default_rng(seed))
        return [row for batch in batches for row in batch.rows]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_evaluation_goes_by_length_whatever_happened_before():
    lengths = [9, 2, 5, 2, 7]
    batches = plan_batches(lengths, (5, 9), 2)
    assert [batch.rows.tolist() for batch in batches] == [[1], [3, 2], [4, 0]]
    assert [batch.length for batch in batches] == [5, 5, 9]


def test_a_text_longer_than_all_padded_lengths_is_refused():
    with pytest.raises(ValueError, match="padded_lengths end at 8: the longest text has 9 tokens"):
        plan_batches([9], (8,), 2)


@pytest.mark.parametrize(
    ("lengths", "max_shapes"), [([], 2), ([0, 3], 2), ([3], 0)], ids=["none", "zero", "no shapes"]
)
def test_lengths_that_cannot_be_chosen_for_are_refused(lengths, max_shapes):
    with pytest.raises(ValueError, match="at least"):
        choose_lengths(lengths, max_shapes)


def test_a_partial_batch_is_filled_with_rows_of_weight_zero():
    token_ids = [np.array(ids, dtype=np.int32) for ids in ([7, 8, 9], [4, 5])]
    batch = Batch(np.array([1, 0]), length=4)
    input_ids, attention_mask, row_weights = pad_batch(token_ids, batch, 3, pad_id=6)
    assert input_ids.tolist() == [[4, 5, 6, 6], [7, 8, 9, 6], [6, 6, 6, 6]]
    assert attention_mask.tolist() == [
        [True, True, False, False],
        [True, True, True, False],
        [True, False, False, False],
    ]
    assert row_weights.tolist() == [1, 1, 0]
    assert (input_ids.dtype, attention_mask.dtype, row_weights.dtype) == (
        np.int32,
        np.bool_,
        np.float32,
    )


def test_a_batch_that_does_not_fit_is_refused():
    token_ids = [np.zeros(5, dtype=np.int32)] * 3
    with pytest.raises(ValueError, match="3 rows, more than batch_size 2"):
        pad_batch(token_ids, Batch(np.arange(3), 5), 2)
    with pytest.raises(ValueError, match="row 0 has 5 tokens, the batch only 4"):
        pad_batch(token_ids, Batch(np.arange(1), 4), 2)


def test_padding_counts_dummy_rows():
    batch = Batch(np.array([0, 1]), length=4)
    assert padding_fraction([4, 2], [batch], BatchSize(3)) == pytest.approx(0.5)
    assert padding_fraction([], [], BatchSize(3)) == 0


def test_padding_of_texts_of_usual_lengths_is_below_a_tenth():
    rng = np.random.default_rng(0)
    lengths = np.clip(np.exp(rng.normal(3, 0.5, 16_001)).astype(int) + 2, 3, 128)
    batches = plan_batches(lengths, choose_lengths(lengths), 32, rng=rng)
    assert padding_fraction(lengths, batches, BatchSize(32)) <= 0.1


def test_padding_of_the_emotion_texts_is_below_a_tenth(shared):
    texts = read_table(shared / "data" / "emotion" / "train.csv")["text"].tolist()
    tokenizer = load_tokenizer(shared / "models" / "all-MiniLM-L6-v2")
    lengths = [len(ids) for ids in encode_texts(tokenizer, texts, 128)[0]]
    batches = plan_batches(lengths, choose_lengths(lengths), 32, rng=np.random.default_rng(0))
    assert padding_fraction(lengths, batches, BatchSize(32)) <= 0.1
