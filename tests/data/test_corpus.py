"""A corpus is read line by line, and what is no corpus is refused with its reason."""

import gzip

import pytest

from bertplay.data.corpus import LONGEST_LINE, read_corpus
from bertplay.data.errors import InputError


def refusal(path) -> str:
    with pytest.raises(InputError) as error:
        read_corpus(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_lines_are_texts_without_blank_ones_and_outer_spaces(tmp_path):
    (tmp_path / "c.txt").write_text("one text\n\n  two \r\n\tthree\n \n", encoding="utf-8")
    assert read_corpus(tmp_path / "c.txt") == ["one text", "two", "three"]


def test_a_byte_order_mark_is_no_letter(tmp_path):
    (tmp_path / "c.txt").write_text("one\n", encoding="utf-8-sig")
    assert read_corpus(tmp_path / "c.txt") == ["one"]


def test_gz_is_unpacked(tmp_path):
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress("één\ntwee\n".encode()))
    assert read_corpus(tmp_path / "c.txt.gz") == ["één", "twee"]


@pytest.mark.parametrize("damage", [lambda packed: packed[:-9], lambda packed: b"no gzip at all"])
def test_a_damaged_gz_is_refused(tmp_path, damage):
    path = tmp_path / "c.txt.gz"
    path.write_bytes(damage(gzip.compress(b"one\ntwo\n" * 50)))
    assert f"{path} is damaged or not packed with gzip" in refusal(path)


def test_a_missing_file_and_an_empty_one_are_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "c.txt")
    (tmp_path / "c.txt").write_bytes(b" \n")
    assert "is empty" in refusal(tmp_path / "c.txt")
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b" \n \n"))
    assert "holds no text" in refusal(tmp_path / "c.txt.gz")


def test_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "c.txt"
    path.write_bytes(b"fine\ncaf\xe9\n")
    assert f"{path} is not UTF-8: byte 0xe9 in line 2" in refusal(path)


def test_a_file_without_line_breaks_is_refused(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("short\n" + "word " * (LONGEST_LINE // 5 + 1))
    assert f"{path}, line 2 has" in refusal(path)
