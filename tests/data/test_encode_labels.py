"""Class names, their order, and labels that cannot be used."""

import math

import numpy as np
import pandas as pd
import pytest

from bertplay.data.errors import InputError
from bertplay.data.labels import encode_labels


def encode(values, classes=None):
    return encode_labels(values, classes, path="t.csv", column="label")


def refusal(values, classes=None) -> str:
    with pytest.raises(InputError) as error:
        encode(values, classes)
    return str(error.value)


def at_lines(values: list[object], first: int = 2) -> pd.Series:
    lines = pd.RangeIndex(first, first + len(values), name="line")
    return pd.Series(values, index=lines, dtype=object)


def test_classes_are_sorted_and_labels_count_them_from_zero():
    labels, classes = encode(["sad", "joy", "sad", "joy", "fear", "fear"])
    assert classes == ("fear", "joy", "sad")
    assert labels.tolist() == [2, 1, 2, 1, 0, 0]
    assert labels.dtype == np.int32


@pytest.mark.parametrize("values", [["10", "2", "1"] * 2, [10, 2, 1] * 2, [10.0, 2.0, 1.0] * 2])
def test_numbers_are_sorted_by_value_and_named_without_decimals(values):
    assert encode(values)[1] == ("1", "2", "10")


def test_booleans_are_false_then_true():
    labels, classes = encode([True, False, True, False])
    assert classes == ("False", "True")
    assert labels.tolist() == [1, 0, 1, 0]


def test_outer_spaces_make_no_new_class():
    assert encode(["a ", "b", " a", "b"])[1] == ("a", "b")


@pytest.mark.parametrize("word", ["NA", "None", "null", "none"])
def test_words_for_nothing_are_classes(word):
    assert word in encode([word, "x", word, "x"])[1]


def test_given_classes_keep_their_order_and_may_be_missing():
    labels, classes = encode(["b", "b"], ("c", "b", "a"))
    assert classes == ("c", "b", "a")
    assert labels.tolist() == [1, 1]


@pytest.mark.parametrize("missing", [None, math.nan, "", "  ", "nan", "NaN", pd.NA, "<NA>"])
def test_a_row_without_a_label_is_named_by_its_line(missing):
    assert refusal(at_lines(["a", missing, "b", "a", "b"])) == (
        "t.csv, column 'label': 1 row has no label (line 3); fill in the labels or remove the rows"
    )


def test_of_many_rows_without_labels_the_first_are_named():
    message = refusal(at_lines(["a", *[None] * 8, "b"]))
    assert "8 rows have no label (lines 3, 4, 5, 6, 7 and 3 more)" in message
    assert "(rows 1 and 3)" in refusal([None, "a", None])


def test_one_class_only_is_refused():
    assert refusal(["a", "a", "a"]) == (
        "t.csv, column 'label': every row has the class 'a'; a classifier needs at least two"
    )


def test_a_class_with_a_single_row_is_named_with_its_line_and_a_cure():
    message = refusal(at_lines(["a", "a", "rare", "b", "b"]))
    assert "class 'rare' has a single row (line 4); " in message
    assert message.endswith("add rows, merge the class into another, or remove it")


def test_a_column_of_texts_taken_for_labels_says_how_many_are_single():
    assert "(and so have 2 other classes)" in refusal(["one", "two", "three"])


def test_a_label_that_training_never_saw_is_named_with_its_line_and_the_nearest():
    assert refusal(at_lines(["joy", "sadnes"]), ("joy", "sadness")) == (
        "t.csv, column 'label', line 3: the training data has no class 'sadnes', "
        "only joy, sadness; did you mean 'sadness'?"
    )


def test_several_classes_in_one_row_are_refused():
    assert 'row 2: one class was expected, not ["a", "b"]' in refusal(["a", ["a", "b"], "a"])
