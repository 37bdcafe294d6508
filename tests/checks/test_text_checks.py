"""Checks of texts and labels before training: BP102 to BP104."""

import numpy as np
import pytest
from topic_texts import CLASSES, topic_texts

from bertplay.checks.texts import duplicate_texts, few_rows, label_leakage
from bertplay.checks.thresholds import Thresholds

LIMITS = Thresholds()
ROWS = topic_texts(200)
TEXTS = [text for text, _ in ROWS]
LABELS = np.array([CLASSES.index(label) for _, label in ROWS])


def test_texts_on_both_sides_of_a_split_are_bp102_whatever_their_case_and_spaces():
    held_out = [f"new {n}" for n in range(7)] + ["A  fine film", "a FINE film", "a fine film "]

    check = duplicate_texts(["a fine film", "a dull film"], held_out, LIMITS)

    assert check.status == "fired"
    assert "3 of 10 held-out rows (30%)" in check.message


def test_a_few_texts_on_both_sides_are_no_matter():
    held_out = [f"new {n}" for n in range(9)] + ["a fine film"]
    assert duplicate_texts(["a fine film"], held_out, LIMITS).status == "passed"


def test_words_that_hint_at_a_class_give_nothing_away():
    assert label_leakage(TEXTS, LABELS, CLASSES, LIMITS).status == "passed"


@pytest.mark.parametrize("words", [("refunded", "kept"), ("paid yes", "paid no")])
def test_a_word_or_two_in_a_row_that_tell_the_class_are_bp103(words):
    texts = [f"{text} {words[label]}" for text, label in zip(TEXTS, LABELS, strict=True)]

    check = label_leakage(texts, LABELS, CLASSES, LIMITS)

    assert check.status == "fired"
    assert "100 of 100 training texts of that class and in 0 of 100 others" in check.message


def test_few_rows_of_each_class_say_nothing_about_words():
    check = label_leakage(TEXTS[:12], LABELS[:12], CLASSES, LIMITS)
    assert check.status == "not_applicable"


def test_texts_without_words_are_not_judged():
    check = label_leakage(["!?"] * 40, LABELS[:40], CLASSES, LIMITS)
    assert (check.status, check.message) == ("not_applicable", "the texts have no words")


def test_classes_with_few_rows_are_bp104_and_are_named():
    check = few_rows({"joy": 700, "calm": 9, "pride": 10}, LIMITS)

    assert check.status == "fired"
    assert "calm (9)" in check.message
    assert "pride" not in check.message
