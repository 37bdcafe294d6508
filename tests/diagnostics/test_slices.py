"""Groups of rows, and whether the model is worse in them than chance explains."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from bertplay.diagnostics import slice_figures
from bertplay.diagnostics.slices import slices_of


def test_numbers_are_grouped_by_ranges_and_words_by_what_they_are():
    ages = slices_of("age", [*range(40), None, *[40.0] * 10])
    assert [group.value for group in ages] == ["0 to 12", "13 to 24", "25 to 37", "38 to 40"]
    assert [int(group.rows.sum()) for group in ages] == [13, 12, 13, 12]

    cabins = slices_of("cabin", ["A"] * 12 + ["B"] * 11 + [""] * 10 + ["C"] * 9)
    assert [group.value for group in cabins] == ["missing", "A", "B"]

    assert slices_of("ship", ["Titanic"] * 30) == []


def test_the_group_that_was_made_bad_is_on_top_and_no_other_stands_out():
    random = np.random.default_rng(0)
    city = random.choice(["Oslo", "Rome", "Lima"], 600)
    right = random.random(600) < np.where(city == "Rome", 0.6, 0.9)
    texts = ["word " * int(words) for words in random.integers(1, 30, 600)]

    first, *others = slice_figures(right, texts, {"city": city.tolist()})

    assert (first.column, first.value) == ("city", "Rome")
    assert first.adjusted_p < 0.001
    assert first.accuracy == pytest.approx(right[city == "Rome"].mean())
    assert first.difference == pytest.approx(first.accuracy - right.mean())
    assert all(of.adjusted_p > 0.05 for of in others if of.difference < 0)


def test_p_is_of_the_rows_inside_against_those_outside():
    right = np.array([True] * 5 + [False] * 15 + [True] * 18 + [False] * 2)
    side = ["left"] * 20 + ["right"] * 20

    left, _ = slice_figures(right, [""] * 40, {"side": side})

    assert (left.wrong, left.rows) == (15, 20)
    assert left.p == pytest.approx(fisher_exact([[15, 5], [2, 18]]).pvalue)
    assert left.adjusted_p == pytest.approx(2 * left.p)


def test_false_findings_are_as_rare_as_the_level_says():
    """Of 200 tables whose groups are alike, at most about one in twenty has one that stands out."""
    random = np.random.default_rng(1)
    found = 0
    for _ in range(200):
        right = random.random(120) < 0.8
        group = random.choice([*"abcdef"], 120).tolist()
        found += any(of.adjusted_p < 0.05 for of in slice_figures(right, [""] * 120, {"g": group}))

    assert found / 200 <= 0.07


def test_rows_that_are_all_alike_have_no_groups():
    assert slice_figures(np.ones(50, dtype=bool), ["a text"] * 50) == ()
