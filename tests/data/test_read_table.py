"""Tables are read as they stand, and what is wrong with one is said in a sentence."""

import json
import sys
from pathlib import Path

import pytest

from bertplay.data.errors import InputError
from bertplay.data.source_file import file_sha256
from bertplay.data.table import read_table, require_column


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as error:
        read_table(path)
    message = str(error.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("word", ["NA", "None", "null", "nan", "N/A", "-"])
def test_words_for_nothing_stay_texts(tmp_path, word):
    frame = read_table(written(tmp_path, "t.csv", f"text,label\n{word},{word}\n"))
    assert frame["text"].tolist() == [word]
    assert frame["label"].tolist() == [word]


def test_ids_keep_their_leading_zeros(tmp_path):
    frame = read_table(written(tmp_path, "t.csv", "id,text\n007,a\n010,b\n"))
    assert frame["id"].tolist() == ["007", "010"]


def test_whole_numbers_stay_whole_beside_a_missing_value(tmp_path):
    frame = read_table(written(tmp_path, "t.csv", "text,label\na,1\nb,\nc,0\n"))
    assert frame["label"].tolist() == ["1", None, "0"]


def test_the_index_is_the_line_at_which_a_row_begins(tmp_path):
    frame = read_table(written(tmp_path, "t.csv", 'text,label\n"two\nlines",x\n\nlast,y\n'))
    assert frame.index.name == "line"
    assert frame.index.tolist() == [2, 5]
    assert frame["text"].tolist() == ["two\nlines", "last"]


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_table(tmp_path):
    frame = read_table(written(tmp_path, "t.csv", b"\xef\xbb\xbftext,label\r\na,b\r\n"))
    assert frame.columns.tolist() == ["text", "label"]
    assert frame["label"].tolist() == ["b"]


def test_quoted_commas_and_quotes_are_text(tmp_path):
    frame = read_table(written(tmp_path, "t.csv", 'text,label\n"He said ""no"", twice",x\n'))
    assert frame["text"].tolist() == ['He said "no", twice']


def test_a_text_longer_than_the_csv_modules_limit_is_read(tmp_path):
    long_text = "word " * 40_000
    frame = read_table(written(tmp_path, "t.csv", f"text,label\n{long_text},x\n"))
    assert frame["text"].tolist() == [long_text]


def test_tabs_separate_the_cells_of_a_tsv(tmp_path):
    frame = read_table(written(tmp_path, "t.TSV", "text\tlabel\nyes, and no\tx\n"))
    assert frame["text"].tolist() == ["yes, and no"]


def test_header_names_lose_outer_spaces_and_a_nameless_column_gets_a_name(tmp_path):
    frame = read_table(written(tmp_path, "t.csv", ",text , label\n0,a,b\n"))
    assert frame.columns.tolist() == ["Unnamed: 0", "text", "label"]


def test_json_lines_keep_their_types_and_fill_missing_keys(tmp_path):
    rows = [{"text": "NA", "label": 1}, {"text": "b"}, {"label": True, "text": None}]
    content = "\n".join(json.dumps(row) for row in rows[:2]) + "\n\n" + json.dumps(rows[2])
    frame = read_table(written(tmp_path, "t.jsonl", content))
    assert frame["text"].tolist() == ["NA", "b", None]
    assert frame["label"].tolist() == [1, None, True]
    assert [type(value) for value in frame["label"]] == [int, type(None), bool]
    assert frame.index.tolist() == [1, 2, 4]


def test_parquet_keeps_integers_beside_a_missing_value(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["NA", "b"], "label": pa.array([1, None])}), path)
    frame = read_table(path)
    assert frame["label"].tolist() == [1, None]
    assert frame["text"].tolist() == ["NA", "b"]
    assert frame.index.tolist() == [1, 2]
    assert frame.index.name == "row"


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    message = refusal(written(tmp_path, "t.parquet", b"PAR1"))
    assert message.endswith("pip install 'bertplay[parquet]'")


def test_a_parquet_file_that_is_none_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    assert "is not a Parquet file" in refusal(written(tmp_path, "t.parquet", b"text,label\n"))


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "nothing.csv"
    assert refusal(path) == f"{path} does not exist: check the name and the folder you are in"


def test_a_missing_file_of_an_unknown_kind_is_first_of_all_missing(tmp_path):
    assert "does not exist" in refusal(tmp_path / "nothing.xlsx")


def test_a_folder_is_no_table(tmp_path):
    folder = tmp_path / "t.csv"
    folder.mkdir()
    assert refusal(folder) == f"{folder} is a folder: name the file inside it"


def test_an_unknown_ending_lists_the_known_ones(tmp_path):
    message = refusal(written(tmp_path, "t.xlsx", b"PK"))
    assert message.endswith("a table's name must end in one of .csv, .tsv, .jsonl, .parquet")


@pytest.mark.parametrize("content", ["", "\n", " \n\n"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_an_empty_file_is_refused(tmp_path, ending, content):
    message = refusal(written(tmp_path, f"t.{ending}", content))
    assert message.endswith("is empty: a table needs a header and rows")


def test_a_header_alone_is_refused(tmp_path):
    path = written(tmp_path, "t.csv", "text,label\n")
    assert refusal(path) == f"{path} has a header but no rows"


def test_another_encoding_is_named_with_its_byte_and_line(tmp_path):
    message = refusal(written(tmp_path, "t.csv", "text,label\nok,x\ncafé,x\n".encode("latin-1")))
    assert "is not UTF-8: byte 0xe9 in line 3" in message
    assert message.endswith("save the file as UTF-8")


def test_utf_16_is_recognised(tmp_path):
    assert "is UTF-16, not UTF-8" in refusal(
        written(tmp_path, "t.csv", "text,label\na,b\n".encode("utf-16"))
    )


def test_a_zero_byte_is_refused_with_its_line(tmp_path):
    assert "line 2 has a zero byte" in refusal(written(tmp_path, "t.csv", b"text\na\0b\n"))


@pytest.mark.parametrize(("row", "cells"), [("a,b,c", 3), ("a", 1)])
def test_a_row_of_another_length_is_named(tmp_path, row, cells):
    message = refusal(written(tmp_path, "t.csv", f"text,label\nok,x\n{row}\n"))
    assert f"line 3: {cells} cells where the header has 2" in message


def test_an_unclosed_quote_is_named_where_it_begins(tmp_path):
    message = refusal(written(tmp_path, "t.csv", 'text,label\nok,x\n"open,x\nmore,y\n'))
    assert "line 3: a double quote is not closed" in message


@pytest.mark.parametrize("header", ["text,label,text", "text, text ,label"])
def test_two_columns_of_one_name_are_refused(tmp_path, header):
    assert "has 2 columns named 'text'" in refusal(written(tmp_path, "t.csv", f"{header}\na,b,c\n"))


@pytest.mark.parametrize("bad", ['{"text": "a"', "[1, 2]", "text"])
def test_a_line_that_is_no_json_object_is_named(tmp_path, bad):
    message = refusal(written(tmp_path, "t.jsonl", f'{{"text": "a"}}\n{bad}\n'))
    assert "line 2: " in message


@pytest.mark.parametrize(
    ("asked", "nearest"), [("lable", "label"), ("LABEL", "label"), ("survived", "Survived")]
)
def test_a_misspelt_column_gets_the_nearest_name(tmp_path, asked, nearest):
    path = written(tmp_path, "t.csv", "text,label,Survived\na,b,c\n")
    with pytest.raises(InputError) as error:
        require_column(read_table(path), asked, path=path, option="--label")
    assert str(error.value) == (
        f"{path} has no column '{asked}' (--label), only text, label, Survived; "
        f"did you mean '{nearest}'?"
    )


def test_a_column_like_no_other_lists_all(tmp_path):
    path = written(tmp_path, "t.csv", "text,label\na,b\n")
    with pytest.raises(InputError, match=r"\(--group\), only text, label$"):
        require_column(read_table(path), "household", path=path, option="--group")


def test_of_very_many_columns_the_first_are_listed(tmp_path):
    header = ",".join(f"c{n}" for n in range(50))
    path = written(tmp_path, "t.csv", f"{header}\n{header}\n")
    with pytest.raises(InputError, match=r"only c0, c1, .*c19 and 30 more$"):
        require_column(read_table(path), "label", path=path, option="--label")


def test_a_semicolon_table_is_recognised(tmp_path):
    path = written(tmp_path, "t.csv", "text;label\na;b\n")
    with pytest.raises(InputError, match="its cells are not separated as its ending says"):
        require_column(read_table(path), "label", path=path, option="--label")


def test_the_fingerprint_is_of_the_bytes(tmp_path):
    path = written(tmp_path, "t.csv", b"abc")
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_real_tables_are_read_whole(shared):
    sizes = {"titanic/kaggle_train": 891, "emotion/train": 16_000, "emotion/val": 2_000}
    for name, rows in sizes.items():
        assert len(read_table(shared / "data" / f"{name}.csv")) == rows
