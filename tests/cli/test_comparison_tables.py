"""A comparison in a terminal, at several widths: it fits, and marks what was found."""

import io

import numpy as np
import pytest

from bertplay.cli.comparison_tables import print_comparison
from bertplay.cli.result_tables import quiet_console
from bertplay.comparison.concluded import concluded
from bertplay.comparison.figures import FIGURES


def facts_of(**shifts):
    """A comparison of ten seeds with methods whose recall is shifted, and of two encoders."""
    rng = np.random.default_rng(0)
    methods = {}
    for name, shift in {"ce": 0.0, **shifts}.items():
        scores = {f.key: list(0.7 + 0.01 * rng.normal(size=10)) for f in FIGURES}
        scores["rare_recall"] = [value + shift for value in scores["rare_recall"]]
        methods[name] = {"seconds": 3.2, "scores": scores}
        methods[name].update(rows_per_second=412.0, peak_bytes=2.1e8)
    facts = {
        "task": "titanic",
        "source": "a table\x1b[31m",
        "backbone": "mini",
        "train_rows": 1047,
        "evaluated_rows": 262,
        "rare": "survived",
        "seeds": 10,
        "methods": methods,
        "encoders": {
            "ce": {
                "parameters": 22_713_216,
                "hidden_size": 384,
                "layers": 6,
                "predicted_per_second": 1234.5,
            }
        },
    }
    return concluded(facts, "ce", "paired-t")


def printed(facts, width):
    stream = io.StringIO()
    print_comparison(facts, quiet_console(file=stream, width=width, color_system=None))
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width):
    text = printed(facts_of(focal=0.06, **{"TF-IDF + balanced logistic regression": 0.0}), width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text


def test_what_was_found_is_marked_and_nothing_else():
    facts = facts_of(focal=0.06, dice=0.0)
    text = printed(facts, 100)
    rows = text[text.index("Differences to ce") :].splitlines()
    (focal,) = (row.split() for row in rows if row.startswith("focal "))
    (dice,) = (row.split() for row in rows if row.startswith("dice "))
    assert [cell.endswith("*") for cell in focal[1:]] == [False, True, False, False]
    assert not any(cell.endswith("*") for cell in dice[1:])


def test_all_that_can_be_said_and_the_encoders_are_there():
    facts = facts_of(focal=0.06)
    text = " ".join(printed(facts, 100).split())
    for sentence in (*facts["conclusions"], facts["recommendation"]):
        assert " ".join(sentence.split()) in text
    assert "22.7 M 384 6 412 1,234 210 MB" in text
