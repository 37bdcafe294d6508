"""What to do next follows from the figures."""

import numpy as np
import pytest

from bertplay.diagnostics import NumberRows, diagnose, diagnose_numbers
from bertplay.report import next_steps
from bertplay.report.blocks import Page, Prose, Section
from bertplay.report.rendering import rendered

RUN = "runs/my run"


def predicted(labels, answers, sure=0.75):
    """Rows of two classes, answered so, always as sure."""
    answers = np.asarray(answers)
    p = np.where(answers[:, None] == np.arange(2), sure, 1 - sure)
    return diagnose(np.asarray(labels), ["calm", "angry"], probabilities=p)


def steps(found, run=RUN) -> str:
    return "; ".join(next_steps({"": found}, run))


HALVES = [0] * 60 + [1] * 60
THREE_IN_FOUR = [0] * 45 + [1] * 15 + [1] * 45 + [0] * 15


def test_where_nothing_stands_out_other_rows_are_next():
    found = predicted(HALVES, THREE_IN_FOUR)

    assert steps(found) == (
        "nothing stands out; see whether it holds on other rows: "
        "`bertplay diagnose 'runs/my run' --data FILE`"
    )
    assert steps(found, None) == "nothing stands out; diagnose rows of another source"


def test_a_collapse_comes_before_all_else():
    assert steps(predicted(HALVES, [0] * 120)).startswith("every row is called 'calm'")


@pytest.mark.parametrize(("sure", "kind"), [(0.99, "too high by 0.24"), (0.6, "too low by 0.15")])
def test_probabilities_that_are_off_are_to_be_calibrated(sure, kind):
    found = predicted(HALVES, THREE_IN_FOUR, sure)

    assert kind in steps(found)
    assert "bertplay decide 'runs/my run' --calibration vector" in steps(found)
    assert "fit_temperature" in steps(found, None)


def test_a_threshold_that_would_help_is_named():
    """Half of the rare rows have 0.4, and no other row has as much."""
    p_angry = np.array([0.1] * 90 + [0.4] * 20 + [0.9] * 20)
    found = diagnose(
        np.array([0] * 90 + [1] * 40),
        ["calm", "angry"],
        probabilities=np.column_stack([1 - p_angry, p_angry]),
    )

    said = steps(found)
    assert "'angry' could have an F1 of 1.000 in place of 0.667 with a threshold of 0.40" in said
    assert "bertplay decide 'runs/my run' --optimise macro_f1" in said


def test_labels_that_are_contradicted_are_named():
    labels = [1] * 3 + [0] * 97 + [1] * 100

    said = steps(predicted(labels, [0] * 100 + [1] * 100, 0.99))

    assert "look at the labels of rows 1, 2, 3," in said


def test_a_class_of_few_rows_is_not_to_be_judged():
    said = steps(predicted([0] * 90 + [1] * 12, [0] * 70 + [1] * 20 + [1] * 9 + [0] * 3))

    assert "hold out more rows of 'angry' before you judge it: 12 are too few" in said


def test_numbers_that_keep_to_the_middle_are_seen():
    random = np.random.default_rng(0)
    targets = random.normal(size=100)
    rows = NumberRows([str(n) for n in range(100)], [""] * 100, targets, 0.3 * targets)

    (step,) = next_steps({"valence": diagnose_numbers(rows)}, RUN)

    assert step.startswith("valence: the predictions keep to the middle")


def test_there_are_at_most_four_the_gravest_first():
    columns = {name: predicted(HALVES, [0] * 120) for name in "abcdef"}

    found = next_steps(columns, RUN)

    assert len(found) == 4
    assert all("every row is called 'calm'" in step for step in found)


def test_a_command_in_a_step_stands_as_code_and_nothing_else_is_taken_for_html():
    assert "<p>Run <code>a &lt; b</code> &lt;now&gt;.</p>" in page_of("Run `a < b` <now>.")


def test_a_single_backtick_stays_one():
    assert "the class &#39;a`b&#39;" in page_of("the class 'a`b'")


def page_of(step: str) -> str:
    return rendered(Page("p", "", (), (), (Section("next", "Next", (Prose(step),)),), ""))
