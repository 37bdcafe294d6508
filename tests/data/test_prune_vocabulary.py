"""A smaller vocabulary keeps what texts need, and loses no letters."""

import numpy as np
import pytest

from bertplay.data.errors import InputError
from bertplay.data.tokenizer import SPECIAL_TOKENS, encode_texts, train_wordpiece
from bertplay.data.vocabulary import prune_vocabulary

TEXTS = ["the ship sank at sea", "the ships sank", "a sinking ship, the sea"] * 4


@pytest.fixture
def tokenizer():
    return train_wordpiece([*TEXTS, "quick zebra quick zebra"])


def pieces_of(tokenizer) -> dict[str, int]:
    return tokenizer.get_vocab()


def test_every_piece_keeps_its_meaning(tokenizer):
    small, before = prune_vocabulary(tokenizer, TEXTS, 40)
    old = pieces_of(tokenizer)
    for piece, number in pieces_of(small).items():
        assert before[number] == old[piece]
    assert len(before) == small.get_vocab_size() == 40


def test_special_tokens_and_letters_stay(tokenizer):
    small, _ = prune_vocabulary(tokenizer, TEXTS, 40)
    pieces = pieces_of(small)
    assert set(SPECIAL_TOKENS) <= set(pieces)
    assert [pieces[token] for token in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]
    assert {"t", "##t", "s", "##h"} <= set(pieces)


def test_a_word_whose_piece_is_gone_is_spelled_by_shorter_ones(tokenizer):
    size = 40
    small, _ = prune_vocabulary(tokenizer, TEXTS, size)
    gone = set(pieces_of(tokenizer)) - set(pieces_of(small))
    assert any(not piece.startswith("##") and len(piece) > 1 for piece in gone)
    for text in TEXTS:
        spelled = small.encode(text).tokens
        assert "[UNK]" not in spelled
        assert "".join(spelled[1:-1]).replace("##", "") == text.replace(" ", "")


def test_the_most_frequent_pieces_are_kept(tokenizer):
    small, _ = prune_vocabulary(tokenizer, TEXTS, 45)
    assert "ship" in pieces_of(small)
    assert "zebra" not in pieces_of(small)


def test_a_size_beyond_the_vocabulary_keeps_all_of_it(tokenizer):
    small, before = prune_vocabulary(tokenizer, TEXTS, 10_000)
    assert pieces_of(small) == pieces_of(tokenizer)
    np.testing.assert_array_equal(before, np.arange(len(before)))


def test_texts_are_framed_by_the_new_numbers_of_cls_and_sep(tokenizer):
    small, before = prune_vocabulary(tokenizer, TEXTS, 40)
    (ids,), _ = encode_texts(small, ["the ship"], 16)
    names = [small.id_to_token(int(number)) for number in ids]
    assert (names[0], names[-1]) == ("[CLS]", "[SEP]")
    old_names = [tokenizer.id_to_token(int(before[number])) for number in ids]
    assert old_names == names


def test_the_same_texts_give_the_same_vocabulary(tokenizer):
    one, other = (prune_vocabulary(tokenizer, TEXTS, 40) for _ in range(2))
    assert one[0].to_str() == other[0].to_str()


def test_a_size_without_room_for_the_letters_is_refused(tokenizer):
    with pytest.raises(InputError, match="a vocabulary of 6 pieces has no room"):
        prune_vocabulary(tokenizer, TEXTS, 6)


def test_another_kind_of_vocabulary_is_kept_whole():
    from tokenizers import Tokenizer, models

    pairs = Tokenizer(models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")]))
    same, pieces = prune_vocabulary(pairs, TEXTS, 3)
    assert same is pairs
    assert pieces.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="a BPE vocabulary, which is kept whole: give --vocab 3"):
        prune_vocabulary(pairs, TEXTS, 2)
