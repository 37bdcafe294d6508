"""Tokenizers: loaded from either file, learned repeatably, equal to transformers'."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bertplay.data.errors import InputError
from bertplay.data.titanic import passenger_sentences, read_passengers
from bertplay.data.tokenizer import encode_texts, load_tokenizer, train_wordpiece

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "ship", "##s", "sink", "É", "e"]
TEXTS = ["the ship sinks", "the ships sink", "a sinking ship", "the sea, the ice"] * 3


@pytest.fixture
def vocabulary_folder(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    return tmp_path


def ids_of(tokenizer, *texts, max_length=64):
    return [ids.tolist() for ids in encode_texts(tokenizer, texts, max_length)[0]]


def test_a_vocabulary_makes_a_lower_case_bert_tokenizer(vocabulary_folder):
    tokenizer = load_tokenizer(vocabulary_folder)
    assert ids_of(tokenizer, "The SHIPS sink", "é") == [[2, 5, 6, 7, 8, 3], [2, 10, 3]]


def test_the_tokenizer_config_keeps_case_and_accents(vocabulary_folder):
    (vocabulary_folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert ids_of(load_tokenizer(vocabulary_folder), "The É") == [[2, 1, 9, 3]]


def test_tokenizer_json_comes_before_vocab_txt(vocabulary_folder):
    other = train_wordpiece(TEXTS)
    other.save(str(vocabulary_folder / "tokenizer.json"))
    assert load_tokenizer(vocabulary_folder).get_vocab() == other.get_vocab()


def test_truncation_and_padding_of_the_file_are_switched_off(tmp_path):
    tokenizer = train_wordpiece(TEXTS)
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=20)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (ids,) = ids_of(load_tokenizer(tmp_path), "the ship sinks")
    assert 3 < len(ids) < 20
    assert 0 not in ids


def test_a_folder_without_a_tokenizer_is_named(tmp_path):
    with pytest.raises(InputError, match=r"has no tokenizer: tokenizer\.json, vocab\.txt, or "):
        load_tokenizer(tmp_path)


def test_a_broken_tokenizer_file_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text('{"model": ')
    with pytest.raises(InputError, match=r"tokenizer\.json is not a tokenizer file"):
        load_tokenizer(tmp_path)


def test_a_vocabulary_that_is_not_berts_is_named(tmp_path):
    (tmp_path / "vocab.txt").write_text("the\nship\n")
    with pytest.raises(InputError, match=r"vocab\.txt is not a BERT vocabulary.*\[PAD\]"):
        load_tokenizer(tmp_path)


def test_a_broken_tokenizer_config_is_named(vocabulary_folder):
    (vocabulary_folder / "tokenizer_config.json").write_text("{")
    with pytest.raises(InputError, match=r"tokenizer_config\.json is not valid JSON"):
        load_tokenizer(vocabulary_folder)


def test_a_learned_vocabulary_starts_with_the_special_tokens_and_has_no_gaps():
    vocabulary = train_wordpiece(TEXTS).get_vocab()
    first = sorted(vocabulary, key=vocabulary.__getitem__)[:5]
    assert first == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    assert {"the", "ship"} <= set(vocabulary)


def test_the_vocabulary_has_at_most_the_asked_size():
    sentences = passenger_sentences(read_passengers())
    assert train_wordpiece(sentences, vocab_size=300).get_vocab_size() == 300


def test_rare_pairs_are_not_merged():
    vocabulary = train_wordpiece(["zyx", *TEXTS], min_frequency=2).get_vocab()
    assert "zyx" not in vocabulary
    assert {"z", "##y", "##x"} <= set(vocabulary)


def test_learning_twice_gives_the_same_vocabulary():
    sentences = passenger_sentences(read_passengers())[::3]
    first, second = (train_wordpiece(sentences).to_str() for _ in range(2))
    assert first == second


def test_another_process_learns_the_same_vocabulary():
    # The hash seeds of the trainer differ between processes.
    program = (
        "from bertplay.data.titanic import passenger_sentences, read_passengers\n"
        "from bertplay.data.tokenizer import train_wordpiece\n"
        "print(train_wordpiece(passenger_sentences(read_passengers())[::9]).to_str())"
    )
    there = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.strip()
    here = train_wordpiece(passenger_sentences(read_passengers())[::9]).to_str()
    assert json.loads(there) == json.loads(here)


def test_an_alphabet_beyond_the_limit_is_learned_repeatably():
    # 3,000 characters, all equally frequent: which thousand stay must not be left to chance.
    texts = ["".join(chr(0xAC00 + i) for i in range(n, n + 3)) for n in range(0, 3000, 3)] * 2
    first, second = (train_wordpiece(texts).get_vocab() for _ in range(2))
    assert first == second


def test_learned_tokenizers_decode_what_they_encode():
    tokenizer = train_wordpiece(TEXTS)
    (ids,) = ids_of(tokenizer, "The ships sink")
    assert tokenizer.decode(ids) == "the ships sink"


def test_learned_characters_are_no_special_tokens():
    tokenizer = train_wordpiece(TEXTS)
    assert set(tokenizer.get_added_tokens_decoder()) == {0, 1, 2, 3, 4}
    assert tokenizer.encode("ship", add_special_tokens=False).tokens == ["ship"]


def test_texts_without_words_leave_the_special_tokens():
    assert train_wordpiece(["", " "]).get_vocab_size() == 5


def test_an_empty_text_is_cls_and_sep(vocabulary_folder):
    token_ids, cut = encode_texts(load_tokenizer(vocabulary_folder), ["", "the"], 64)
    assert [ids.tolist() for ids in token_ids] == [[2, 3], [2, 5, 3]]
    assert cut == 0
    assert all(ids.dtype == np.int32 for ids in token_ids)


def test_long_texts_are_cut_before_sep_and_counted(vocabulary_folder):
    texts = ["the ship sink", "the", "the the the the the the"]
    token_ids, cut = encode_texts(load_tokenizer(vocabulary_folder), texts, 4)
    assert [ids.tolist() for ids in token_ids] == [[2, 5, 6, 3], [2, 5, 3], [2, 5, 5, 3]]
    assert cut == 2


def test_more_texts_than_are_encoded_at_once_keep_their_order(vocabulary_folder):
    texts = ["the", "ship", "sink"] * 1400
    wanted = [[2, i, 3] for i in (5, 6, 8)] * 1400
    assert ids_of(load_tokenizer(vocabulary_folder), *texts) == wanted


def test_a_length_without_room_for_a_token_is_refused(vocabulary_folder):
    with pytest.raises(ValueError, match="max_length is 1"):
        encode_texts(load_tokenizer(vocabulary_folder), ["the"], 1)


@pytest.mark.parametrize("kept", ["tokenizer.json", "vocab.txt"])
def test_minilm_gives_the_ids_of_transformers(shared, tmp_path, kept):
    source = shared / "models" / "all-MiniLM-L6-v2"
    for name in (kept, "tokenizer_config.json"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    recorded = json.loads((FIXTURES / "minilm_token_ids.json").read_text(encoding="utf-8"))
    ids = ids_of(load_tokenizer(tmp_path), *[case["text"] for case in recorded], max_length=32)
    assert ids == [case["ids"] for case in recorded]
