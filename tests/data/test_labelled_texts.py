"""Texts with their labels."""

import numpy as np
import pytest

from bertplay.data.dataset import LabelledTexts


def labelled_texts(labels=(0, 1, 1)):
    labels = None if labels is None else np.array(labels, dtype=np.int32)
    return LabelledTexts(
        ("a", "b", "c"), ("one", "two", "three"), labels, ("x", "y", "z"), "t.csv", "0" * 64
    )


def test_a_selection_keeps_rows_together():
    part = labelled_texts().select(np.array([2, 0]))
    assert part.ids == ("c", "a")
    assert part.texts == ("three", "one")
    assert part.labels.tolist() == [1, 0]
    assert len(part) == 2
    assert part.classes == ("x", "y", "z")


def test_a_selection_without_labels_has_none():
    assert labelled_texts(labels=None).select(np.array([1])).labels is None


def test_counts_include_classes_without_rows():
    assert labelled_texts().class_counts == (1, 2, 0)


def test_texts_without_labels_cannot_be_counted():
    with pytest.raises(ValueError, match=r"t\.csv has no labels"):
        _ = labelled_texts(labels=None).class_counts
