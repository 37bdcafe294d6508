"""Token ids as one array: the rows that went in, wherever they lie."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.data.token_rows import TokenRows, joined, token_counts

rows = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=6), max_size=12)
blocks = st.lists(rows, max_size=4)


def as_lists(token_ids):
    return [ids.tolist() for ids in token_ids]


@given(blocks, st.sampled_from([0, 8, 40, 2**20]))
def test_joined_rows_are_those_of_the_blocks_in_memory_and_in_a_file(blocks, in_memory):
    token_ids = joined((TokenRows.of(block) for block in blocks), in_memory)
    wanted = [ids for block in blocks for ids in block]
    assert as_lists(token_ids) == wanted
    assert token_ids.values.dtype == np.int32
    assert token_ids.lengths.tolist() == [len(ids) for ids in wanted]
    assert len(token_ids) == len(wanted)


@given(rows)
def test_it_is_a_sequence_like_a_list_of_arrays(rows):
    token_ids = TokenRows.of(rows)
    assert [token_ids[row].tolist() for row in range(-len(rows), len(rows))] == rows + rows
    assert as_lists(reversed(token_ids)) == rows[::-1]
    for outside in (len(rows), -len(rows) - 1):
        with pytest.raises(IndexError, match="there is no row"):
            token_ids[outside]


@given(rows, st.none() | st.integers(-14, 14), st.none() | st.integers(-14, 14))
def test_a_slice_has_the_rows_of_a_lists_slice(rows, start, stop):
    assert as_lists(TokenRows.of(rows)[start:stop]) == rows[start:stop]


def test_a_slice_with_a_step_is_refused():
    with pytest.raises(ValueError, match="step 2"):
        TokenRows.of([[1], [2], [3]])[::2]


def test_the_blocks_hold_every_row_in_order():
    token_ids = TokenRows.of([[row] * (row % 3) for row in range(10_000)])
    blocks = list(token_ids.blocks())
    assert len(blocks) > 1
    assert as_lists(ids for block in blocks for ids in block) == as_lists(token_ids)


@given(rows)
def test_counting_tokens_needs_no_particular_sequence(rows):
    arrays = [np.array(ids, dtype=np.int32) for ids in rows]
    assert token_counts(arrays).tolist() == token_counts(TokenRows.of(rows)).tolist()


def test_the_file_has_no_name_that_could_stay_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    token_ids = joined([TokenRows.of([[1, 2], [3]])], in_memory=0)
    assert not list(tmp_path.iterdir())
    if Path("/proc/self/maps").exists():
        assert f"{tmp_path}{os.sep}" in Path("/proc/self/maps").read_text(encoding="utf-8")
    assert as_lists(token_ids) == [[1, 2], [3]]


def test_a_folder_that_cannot_hold_the_file_is_named_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError, match=r"TMPDIR names another folder: .*missing"):
        joined([TokenRows.of([[1]])], in_memory=0)
