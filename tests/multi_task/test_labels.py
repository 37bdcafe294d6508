"""Label columns of three kinds: how a cell is read, and what a wrong one is told."""

import numpy as np
import pandas as pd
import pytest

from bertplay.data.errors import InputError
from bertplay.multi_task.labels import guess_kind, read_labels


def column(*cells):
    index = pd.RangeIndex(2, 2 + len(cells), name="line")
    return pd.Series(list(cells), index=index, dtype=object)


def read(kind, *cells, classes=None):
    return read_labels(column(*cells), "task", kind, path="t.csv", classes=classes)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["joy", "fear"], "single_label"),
        (["1", "2", "3"], "single_label"),
        (["a|b", "a"], "multi_label"),
        ([["a", "b"], ["a"]], "multi_label"),
        ([str(n / 40) for n in range(40)], "regression"),
        (["0.5", "1.5", None] * 20, "single_label"),
    ],
)
def test_the_kind_is_guessed_from_the_cells(cells, kind):
    assert guess_kind(cells) == kind


def test_a_missing_class_is_a_row_without_a_label():
    labels = read("single_label", "b", None, "a", "nan", "b", "a")
    assert labels.column.classes == ("a", "b")
    assert labels.known.tolist() == [True, False, True, False, True, True]
    assert labels.numbers.tolist() == [1, 0, 0, 0, 1, 0]
    assert labels.class_counts == {"a": 2, "b": 2}


def test_several_classes_stand_between_bars_or_in_a_list():
    labels = read("multi_label", "a|b", '["b"]', ["c", "a"], "|", None)
    assert labels.column.classes == ("a", "b", "c")
    assert labels.numbers.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert labels.known.tolist() == [True, True, True, True, False]
    assert labels.class_counts == {"a": 2, "b": 2, "c": 1}


def test_a_regression_learns_standard_deviations_from_the_training_mean():
    train, other = read("regression", "1", "3", None), read("regression", "5", "2")
    own = train.standardised(train)
    assert (own.column.mean, own.column.scale) == (2.0, 1.0)
    assert own.targets().tolist() == [-1.0, 1.0, 0.0]
    assert other.standardised(train).targets().tolist() == [3.0, 0.0]
    assert own.targets().dtype == np.float32


def test_numbers_that_are_all_the_same_have_a_scale_of_one():
    labels = read("regression", "4", "4")
    assert labels.standardised(labels).column.scale == 1.0


@pytest.mark.parametrize("kind", ["single_label", "multi_label", "regression"])
def test_a_task_without_a_labelled_row_is_refused(kind):
    with pytest.raises(InputError, match="task 'task' has no labelled row"):
        read(kind, None, "", "nan")


def test_a_text_in_a_regression_is_named_with_its_line():
    with pytest.raises(InputError, match=r"column 'task', line 3: 'high' is no number"):
        read("regression", "1.5", "high")


@pytest.mark.parametrize(
    ("kind", "cells"), [("single_label", ["a", "d"]), ("multi_label", ["a|b", "d"])]
)
def test_a_class_that_was_never_trained_on_is_named_with_its_line(kind, cells):
    with pytest.raises(InputError, match="line 3: the training data has no class 'd', only a, b"):
        read(kind, *cells, classes=("a", "b"))
