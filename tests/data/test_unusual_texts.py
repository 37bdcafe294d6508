"""Texts of any characters and any length become token ids."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from bertplay.data.cells import cell_text
from bertplay.data.errors import InputError
from bertplay.data.table import read_table
from bertplay.data.tokenizer import encode_texts, load_tokenizer, require_tokens_fit

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
PIECES = ["the women", "survived", " ", "\t", "\n", "[SEP]", "é", "\x00", "\ud800", "men-", "海"]

long_text = st.lists(st.sampled_from(PIECES), max_size=12).map("".join).map(lambda part: part * 12)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_tokenizer(TINY)


@settings(deadline=None, max_examples=100)
@given(long_text, st.integers(2, 8))
def test_a_long_text_has_the_tokens_of_the_whole(tokenizer, text, max_length):
    whole = tokenizer.encode(text.replace("\ud800", "\ufffd")).ids
    cut = len(whole) > max_length
    wanted = [*whole[: max_length - 1], whole[-1]] if cut else whole
    rows, cut_texts = encode_texts(tokenizer, [text], max_length)
    assert (rows[0].tolist(), cut_texts) == (wanted, int(cut))


@pytest.mark.parametrize(
    "text", ["the women " * 1_000_000, " " * 1_000_000 + "women"], ids=["words", "spaces first"]
)
def test_a_cell_of_megabytes_is_read(tokenizer, text):
    rows, cut = encode_texts(tokenizer, [text], 16)
    assert len(rows[0]) == 16 if cut else rows[0].tolist() == tokenizer.encode("women").ids


@given(st.text(st.characters(exclude_categories=())))
def test_what_a_cell_holds_can_be_written_as_utf_8(text):
    cell_text(text).encode()


def test_half_of_a_surrogate_pair_in_json_becomes_the_replacement_character(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a \\ud800 b"}\n')
    frame = read_table(path)
    assert isinstance(frame, pd.DataFrame)
    assert cell_text(frame["text"].iloc[0]) == "a \ufffd b"


def test_a_tokenizer_with_numbers_beyond_the_embeddings_is_refused(tokenizer):
    size = tokenizer.get_vocab_size()
    require_tokens_fit(tokenizer, size, "model")
    with pytest.raises(
        InputError, match=f"^model: the tokenizer has {size} tokens, but vocab_size"
    ):
        require_tokens_fit(tokenizer, size - 1, "model")


def test_a_missing_text_is_an_empty_one(tokenizer):
    rows, cut = encode_texts(tokenizer, [None, float("nan"), "", pd.NA], 8)
    assert [list(row) for row in rows] == 4 * [list(encode_texts(tokenizer, [""], 8)[0][0])]
    assert cut == 0


def test_what_is_no_text_is_refused_with_its_row(tokenizer):
    with pytest.raises(InputError, match=r"^texts, row 2: a text was expected, not 3$"):
        encode_texts(tokenizer, ["ship", 3], 8)


def test_a_single_text_is_not_read_as_a_list_of_its_letters(tokenizer):
    with pytest.raises(InputError, match=r"^texts is a single text: give a list of texts$"):
        encode_texts(tokenizer, "ship", 8)
