"""Texts made from a template of columns."""

import math

import pandas as pd
import pytest

from bertplay.data.errors import InputError
from bertplay.data.template import render


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=object)


def test_columns_are_filled_in():
    table = frame(title=["Ice", "Fog"], body=["sinks ships", "hides it"])
    assert render("{title}: {body}", table) == ["Ice: sinks ships", "Fog: hides it"]


def test_a_column_may_be_named_with_spaces_dots_and_colons():
    assert render("{a b} {c.d:e}", frame(**{"a b": ["1"], "c.d:e": ["2"]})) == ["1 2"]


@pytest.mark.parametrize("missing", [None, math.nan, "", pd.NA])
def test_a_missing_value_leaves_neither_nan_nor_a_gap(missing):
    assert render("{a} {b} {c}", frame(a=["x"], b=[missing], c=["y"])) == ["x y"]


def test_complete_rows_keep_their_own_spacing():
    assert render("{a}\n{b}", frame(a=["two  spaces"], b=["x"])) == ["two  spaces\nx"]


def test_whole_numbers_show_no_decimals():
    assert render("{age} years", frame(age=[22.0])) == ["22 years"]


def test_doubled_braces_are_braces():
    assert render("{{{a}}} {{}}", frame(a=["x"])) == ["{x} {}"]


def test_braces_in_a_value_are_not_columns():
    assert render("{a}", frame(a=["{b}"])) == ["{b}"]


def test_a_misspelt_column_gets_the_nearest_name():
    with pytest.raises(InputError, match=r"t\.csv has no column 'titel' .*'title'\?"):
        render("{titel}", frame(title=["x"]), path="t.csv")


@pytest.mark.parametrize("template", ["{a", "a}", "{}", "{a} {b"])
def test_a_stray_brace_is_explained(template):
    with pytest.raises(InputError, match=r"write \{\{ or \}\} for a brace in the text"):
        render(template, frame(a=["x"]))


def test_a_template_without_a_column_is_refused():
    with pytest.raises(InputError, match="names no column"):
        render("always the same", frame(a=["x"]))
