"""What was fitted after training stands in the page, with what each decision is worth."""

import numpy as np
import pytest

from bertplay.decisions.asked import asked_of
from bertplay.decisions.deciding import decide, decision_facts
from bertplay.decisions.labelled_logits import labelled
from bertplay.prediction import softmax
from bertplay.report.blocks import Figures, Prose, Table
from bertplay.report.decisions import decisions_section
from bertplay.report.svg import drawing_style


def rows_of(classes: int, rows: int = 400):
    """Overconfident logits of classes a, b, ..."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(rows, classes)) * 2
    places = (rng.random((rows, 1)) > softmax(logits).cumsum(axis=1)[:, :-1]).sum(axis=1)
    return labelled(3 * logits, places, tuple("abcdef"[:classes]))


def facts_of(classes: int, calibration="temperature", aim=None, test=False, **shares) -> dict:
    rows = rows_of(classes)
    asked = asked_of(calibration, aim, rows.classes, rows.labels, **shares)
    return decision_facts(rows, asked, decide(rows, asked), rows if test else None)


def blocks_of(facts: dict) -> list:
    with drawing_style():
        (section,) = decisions_section({"decisions": facts})
    return list(section.blocks)


def prose(blocks: list) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Prose))


def test_the_reliability_is_drawn_before_and_after_and_stands_in_a_table():
    facts = facts_of(3)
    blocks = blocks_of(facts)

    (figures,) = (block for block in blocks if isinstance(block, Figures))
    (drawn,) = figures.drawings
    errors = [f"{facts[when]['ece']:.3f}" for when in ("before", "after")]
    assert f"is {errors[0]} before calibration and {errors[1]} after" in drawn.svg
    assert ">before<" in drawn.svg
    assert ">after<" in drawn.svg
    (table,) = (block for block in blocks if isinstance(block, Table))
    assert table.headings == ("figure", "before", "after")
    assert table.rows[1] == ("expected calibration error", *errors)
    assert f"a temperature of {facts['calibration']['temperature']:.3f}" in prose(blocks)


def test_test_rows_have_columns_of_their_own():
    table = next(block for block in blocks_of(facts_of(3, test=True)) if isinstance(block, Table))

    assert table.headings[3:] == ("before, test rows", "after, test rows")


def test_a_rule_for_two_classes_is_a_threshold_and_for_more_has_weights():
    two, three = (blocks_of(facts_of(n, aim="macro_f1")) for n in (2, 3))

    assert "decided for macro_f1: b from a probability of 0." in prose(two)
    assert "largest product of probability and weight" in prose(three)
    captions = [block.caption for block in three if isinstance(block, Table)]
    assert captions[1:] == ["What the decision rule gains", "Weights of the classes"]


def test_abstention_and_sets_are_said_with_their_cross_fitted_figures():
    facts = facts_of(3, target_accuracy=0.9, coverage=0.8)
    blocks = blocks_of(facts)

    answered = facts["abstention"]["after"]["coverage"]
    assert f"it answers {answered:.0%} of the rows" in prose(blocks)
    assert "hold 80% of each class's rows" in prose(blocks)
    table = blocks[-1]
    assert table.caption == "Prediction sets by class"
    assert [row[0] for row in table.rows] == ["a", "b", "c"]


@pytest.mark.parametrize("part", ["calibration", "rule", "abstention"])
def test_what_could_not_be_fitted_says_why(part):
    facts = facts_of(3, aim="macro_f1", target_accuracy=0.9)
    facts[part] = {**facts[part], "reason": "of this"}

    assert "as of this." in prose(blocks_of(facts))


def test_without_decisions_there_is_no_section():
    assert decisions_section({"decisions": facts_of(3, calibration="none")}) == ()
    assert decisions_section({}) == ()
