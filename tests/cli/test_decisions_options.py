"""What the command line says of decisions: the calibration of a run, and `--raw`."""

import io
import json
import re

import pytest
from small_reviews import TRAIN_QUICKLY

from bertplay.cli.decisions_table import calibration_text, print_decisions
from bertplay.cli.result_tables import result_console

TEXTS = ("a fine film", "a dull film")


def test_a_calibration_that_there_is_not_gets_its_nearest(bertplay, table):
    result = bertplay("train", "--data", table, "--calibration", "temprature")

    assert result.exit_code == 2
    assert "did you mean temperature?" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_end_of_a_run_shows_the_figures_before_and_after(bertplay, table, folder):
    options = ("--calibration", "isotonic", "--output", "run", *TRAIN_QUICKLY)

    result = bertplay("train", "--data", table, *options)

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    (start,) = (i for i, line in enumerate(lines) if line.startswith("Calibration: isotonic, "))
    assert "each validation row is judged by what the other rows gave" in lines[start + 1]
    assert lines[start + 2].split() == ["before", "after"]
    facts = json.loads((folder / "run" / "summary.json").read_text())["decisions"]
    (row,) = (line for line in lines[start:] if line.startswith("expected calibration error"))
    assert row.split()[3:] == [f"{facts[when]['ece']:.3f}" for when in ("before", "after")]


def test_what_each_calibration_is_called():
    assert calibration_text({"method": "temperature", "temperature": 1.25}).startswith(
        "temperature 1.250"
    )
    assert "each class" in calibration_text({"method": "vector", "scales": [1], "biases": [0]})
    assert calibration_text({"method": "none", "reason": "why"}) == "none, why"
    assert "network's own" in calibration_text({"method": "none"})


def test_the_test_rows_have_columns_of_their_own():
    figures = dict.fromkeys(("accuracy", "ece", "adaptive_ece", "brier", "log_loss"), 0.25)
    other = dict.fromkeys(figures, 0.125)
    facts = {
        "calibration": {"method": "temperature", "temperature": 2.0},
        "before": figures,
        "after": other,
        "test": {"before": other, "after": figures},
    }
    stream = io.StringIO()

    print_decisions(result_console(stream), facts)

    headings, first = stream.getvalue().splitlines()[2:4]
    assert re.split("  +", headings.strip()) == [
        *("before", "after", "before, test rows", "after, test rows"),
    ]
    assert first.split() == ["accuracy", "0.250", "0.125", "0.125", "0.250"]


def test_raw_gives_the_networks_own_probabilities(bertplay, run):
    import bertplay as package

    model = package.load(run)

    for raw in (False, True):
        words = ("predict", run, *TEXTS, "--json", *(["--raw"] if raw else []))
        printed = json.loads(bertplay(*words).stdout)
        shares = [list(one["probabilities"].values()) for one in printed]
        assert shares == pytest.approx(model.predict_proba(TEXTS, raw=raw), abs=1e-5)
    assert model.decisions.calibration.method == "temperature"


def test_evaluate_tells_of_the_calibrated_probabilities(bertplay, run, table):
    figures = [
        json.loads(bertplay("evaluate", run, "--data", table, "--json", *more).stdout)
        for more in ((), ("--raw",))
    ]

    assert figures[0]["accuracy"] == figures[1]["accuracy"]
    assert figures[0]["log_loss"] != pytest.approx(figures[1]["log_loss"], rel=1e-3)
