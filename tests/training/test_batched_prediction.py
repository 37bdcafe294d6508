"""Logits of many texts, in their order, whatever batches they were computed in."""

import numpy as np
import pytest
from word_average import encoded, word_average

from bertplay import prediction
from bertplay.prediction import BatchedPredictor, padded_lengths_for, softmax

TEXTS = encoded(21).token_ids  # 4 and 6 words by turns; with batches of 8, one has 5 rows


@pytest.fixture(scope="module")
def model():
    return word_average(dropout=0.5)


def test_rows_keep_their_order_and_equal_one_by_one_prediction(model):
    together = BatchedPredictor(model, (4, 6), 8).logits(TEXTS)
    alone = BatchedPredictor(model, (4, 6), 1)
    one_by_one = np.concatenate([alone.logits([ids]) for ids in TEXTS])
    assert together.shape == (21, 2)
    np.testing.assert_allclose(together, one_by_one, atol=1e-6)
    assert len({row.tobytes() for row in together}) > 10


def test_padding_changes_nothing(model):
    np.testing.assert_allclose(
        BatchedPredictor(model, (4, 6), 8).logits(TEXTS),
        BatchedPredictor(model, (16,), 8).logits(TEXTS),
        atol=1e-6,
    )


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_off_and_the_mode_of_before_is_back(model, training):
    model.train(training)
    predictor = BatchedPredictor(model, (6,), 8)
    one, other = predictor.logits(TEXTS), predictor.logits(TEXTS)
    assert one.tobytes() == other.tobytes()
    assert model.training is training
    assert model.head.dropout.training is training


def test_the_mode_is_back_after_a_failure_too(model):
    def fail(rows):
        raise KeyboardInterrupt

    model.train()
    with pytest.raises(KeyboardInterrupt):
        BatchedPredictor(model, (6,), 8).logits(TEXTS, on_batch=fail)
    assert model.training


def test_it_reads_the_weights_anew_at_each_call():
    model = word_average()
    predictor = BatchedPredictor(model, (6,), 8)
    before = predictor.logits(TEXTS)
    model.head.output.bias = model.head.output.bias + 1.0
    np.testing.assert_allclose(predictor.logits(TEXTS), before + 1.0, atol=1e-6)


def test_progress_is_told_in_rows(model):
    told = []
    BatchedPredictor(model, (6,), 8).logits(TEXTS, on_batch=told.append)
    assert sorted(told) == [5, 8, 8]


def test_no_more_than_two_batches_wait_on_the_device(model, monkeypatch):
    """Else the graph of a large table would be built before any of it is computed."""
    begun, read, most = 0, 0, 0
    store = prediction._store

    def counted(*arguments):
        nonlocal read
        read += 1
        return store(*arguments)

    def on_batch(rows):
        nonlocal begun, most
        begun += 1
        most = max(most, begun - read)

    monkeypatch.setattr(prediction, "_store", counted)
    BatchedPredictor(model, (6,), 2).logits(TEXTS, on_batch=on_batch)
    assert begun == read == 11
    assert most <= 2


def test_no_texts_are_refused(model):
    with pytest.raises(ValueError, match="no texts"):
        BatchedPredictor(model, (6,), 8).logits([])


def test_padded_lengths_are_few_and_reach_the_longest_text():
    lengths = padded_lengths_for([np.zeros(n, dtype=np.int32) for n in range(1, 200)])
    assert len(lengths) == prediction.MAX_SHAPES
    assert lengths[-1] == 199


def test_padded_lengths_are_as_few_as_the_padding_allows():
    texts = [np.zeros(n, dtype=np.int32) for n in (20, 19, 20, 10, 10)]
    assert padded_lengths_for(texts) == (10, 20)


def test_probabilities_of_huge_logits_are_finite_and_sum_to_1():
    shares = softmax(np.array([[1e4, -1e4], [3e38, 3e38], [0.0, np.log(3)]], dtype=np.float32))
    np.testing.assert_allclose(shares, [[1, 0], [0.5, 0.5], [0.25, 0.75]], atol=1e-7)
