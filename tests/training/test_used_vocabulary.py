"""Only the word embeddings that occur are trained, and nothing else changes by that."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_average import VOCABULARY, WIDTH, encoded, fitted, weights, word_average

from bertplay.data.token_rows import TokenRows
from bertplay.training.encoded_texts import EncodedTexts
from bertplay.training.used_vocabulary import used_vocabulary

TABLE = mx.random.normal((VOCABULARY, WIDTH), key=mx.random.key(0))

texts = st.lists(
    st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=5).map(
        lambda ids: np.array(ids, dtype=np.int32)
    ),
    min_size=1,
    max_size=4,
)


@given(texts, texts)
def test_a_renumbered_text_has_the_same_embeddings(train, validation):
    vocabulary = used_vocabulary(TABLE, TokenRows.of(train), TokenRows.of(validation), pad_id=0)
    rows = np.array(vocabulary.used_rows())

    both = TokenRows.of(train + validation)
    for ids, number in zip(both, vocabulary.renumber(both), strict=True):
        assert (vocabulary.token_ids[number] == ids).all()
        assert (rows[number] == np.array(TABLE)[ids]).all()


@given(texts)
def test_restored_rows_are_the_trained_ones_and_the_rest_keeps_its_bits(train):
    vocabulary = used_vocabulary(TABLE, TokenRows.of(train), pad_id=0)
    before = np.array(TABLE)

    whole = np.array(vocabulary.restore(vocabulary.used_rows() + 1))

    used = sorted({0, *(number for ids in train for number in ids.tolist())})
    unused = sorted(set(range(VOCABULARY)) - set(used))
    assert vocabulary.token_ids.tolist() == used
    assert (whole[used] == before[used] + 1).all()
    assert whole[unused].tobytes() == before[unused].tobytes()
    assert np.array(vocabulary.all_rows).tobytes() == before.tobytes()


def test_the_padding_token_is_always_part_of_it():
    vocabulary = used_vocabulary(TABLE, TokenRows.of([[5, 7]]), pad_id=3)
    assert vocabulary.token_ids.tolist() == [3, 5, 7]


def test_a_token_outside_it_is_refused():
    vocabulary = used_vocabulary(TABLE, TokenRows.of([[5, 7]]), pad_id=0)
    with pytest.raises(ValueError, match="not in the used vocabulary"):
        vocabulary.renumber(TokenRows.of([[5, 6]]))


def test_training_with_it_equals_training_all_rows():
    """Without weight decay, which shrinks words that do not occur."""
    settings = {"weight_decay": 0.0, "epochs": 3}
    train, validation = encoded(20), encoded(10, seed=1)
    whole = word_average()
    all_rows = fitted(whole, train=train, validation=validation, **settings)

    part = word_average()
    token_ids, held_out = TokenRows.of(train.token_ids), TokenRows.of(validation.token_ids)
    vocabulary = used_vocabulary(part.encoder.words.weight, token_ids, held_out, pad_id=0)
    assert len(vocabulary.token_ids) < VOCABULARY
    part.encoder.words.weight = vocabulary.used_rows()
    used_rows = fitted(
        part,
        train=EncodedTexts(train.texts, vocabulary.renumber(token_ids)),
        validation=EncodedTexts(validation.texts, vocabulary.renumber(held_out)),
        **settings,
    )
    part.encoder.words.weight = vocabulary.restore(part.encoder.words.weight)

    np.testing.assert_allclose(used_rows.outputs, all_rows.outputs, atol=1e-6)
    for name, wanted in weights(whole).items():
        np.testing.assert_allclose(weights(part)[name], wanted, atol=1e-6, err_msg=name)
