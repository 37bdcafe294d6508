"""What the command line says of decisions: the calibration of a run, and `--raw`."""

import io
import json
import re
import shutil

import pytest
from small_reviews import TRAIN_QUICKLY

from bertplay.cli.decisions_table import (
    abstention_text,
    calibration_text,
    print_decisions,
    rule_text,
    sets_text,
)
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


@pytest.fixture
def ruled(run, folder):
    """A copy of the run whose rule can take every review for a good one."""
    shutil.copytree(run, folder / "ruled")
    (folder / "costs.csv").write_text("true,bad,good\nbad,0,1\ngood,1e6,0\n")
    return folder / "ruled"


def test_decide_shows_what_the_rule_gains_and_where_it_only_seems_to(bertplay, ruled):
    result = bertplay("decide", ruled, "--optimise", "cost=costs.csv")

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "Decision rule: the class of the least expected cost" in lines
    (heading,) = (line for line in lines if line.startswith(" ") and "likeliest" in line)
    assert re.split("  +", heading.strip()) == ["likeliest", "cost", "fitted rows"]
    assert any(line.startswith("mean cost ") for line in lines)
    assert lines[-1] == (
        f"Kept with the model of {ruled}; `bertplay diagnose {ruled}` writes its report anew"
    )


def test_decide_gives_the_summarys_part_as_json(bertplay, ruled):
    printed = bertplay("decide", ruled, "--optimise", "macro_f1", "--json").stdout

    assert json.loads(printed) == json.loads((ruled / "summary.json").read_text())["decisions"]


def test_predict_tells_once_and_in_a_column_where_labels_are_not_the_likeliest(bertplay, ruled):
    bertplay("decide", ruled, "--optimise", "cost=costs.csv")

    result = bertplay("predict", ruled, *TEXTS, "--json")

    predictions = json.loads(result.stdout)
    unlikely = 0
    for prediction in predictions:
        shares = prediction["probabilities"]
        likeliest = max(shares, key=shares.get)
        unlikely += likeliest != "good"
        assert prediction["label"] == "good"
        assert prediction["confidence"] == shares["good"]
        assert prediction["decided_by"] == ("likeliest" if likeliest == "good" else "cost")
    assert unlikely
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"labels are decided for cost: {unlikely} of 2 ")
    heading = bertplay("predict", ruled, *TEXTS).stdout.splitlines()[0]
    assert heading.split("\t") == ["text", "label", "confidence", "decided_by", "bad", "good"]


def test_raw_leaves_the_rule_out_as_well(bertplay, ruled):
    bertplay("decide", ruled, "--optimise", "cost=costs.csv")

    result = bertplay("predict", ruled, *TEXTS, "--json", "--raw")

    for prediction in json.loads(result.stdout):
        shares = prediction["probabilities"]
        assert prediction["label"] == max(shares, key=shares.get)
        assert "decided_by" not in prediction
    assert result.stderr == ""


def test_evaluate_judges_what_the_rule_decides(bertplay, ruled, table):
    bertplay("decide", ruled, "--optimise", "cost=costs.csv")

    figures = json.loads(bertplay("evaluate", ruled, "--data", table, "--json").stdout)

    assert figures["rule"] == "cost"
    assert figures["confusion_matrix"] == [[0, 8], [0, 16]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--optimise", "speed"), "optimise is 'speed': choose macro_f1"),
        (("--optimise", "cost=nowhere.csv"), "nowhere.csv cannot be read"),
        (("--calibration", "platt"), "choose one of none, temperature"),
    ],
)
def test_what_decide_cannot_do_is_one_sentence(bertplay, ruled, words, message):
    before = (ruled / "model" / "decisions.json").read_bytes()

    result = bertplay("decide", ruled, *words)

    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert (ruled / "model" / "decisions.json").read_bytes() == before


def test_decide_needs_a_run(bertplay, folder):
    result = bertplay("decide", "nowhere")

    assert result.exit_code == 2
    assert "nowhere has no logits.safetensors" in result.stderr
    assert not (folder / "nowhere").exists()


def test_what_each_rule_is_called():
    classes = ("bad", "good")
    threshold = {"aim": "macro_f1", "weights": [0.25, 0.75]}
    assert rule_text(threshold, classes) == "macro_f1, 'good' from a probability of 0.250 on"
    three = {"aim": "macro_f1", "weights": [0.2, 0.3, 0.5]}
    assert rule_text(three, ("a", "b", "c")).endswith("times a 0.200, b 0.300, c 0.500")
    assert rule_text({"reason": "why"}, classes) == "the likeliest class, as why"


def test_predict_says_what_it_abstains_from_and_what_else_a_text_may_be(bertplay, ruled, table):
    # Untrained as it is, the model reaches no target but a low one.
    shown = bertplay("decide", ruled, "--target-accuracy", "0.5", "--coverage", "0.6")
    stored = json.loads((ruled / "model" / "decisions.json").read_text())
    stored["abstention"]["threshold"] = 1.0
    (ruled / "model" / "decisions.json").write_text(json.dumps(stored))

    result = bertplay("predict", ruled, *TEXTS, "--json")

    assert "Abstention: " in shown.stdout
    assert "Prediction sets: they hold 0.6 of each class's rows" in shown.stdout
    assert "classes in a set" in shown.stdout
    for prediction in json.loads(result.stdout):
        assert prediction["abstained"] is True
        assert prediction["label"] in prediction["set"]
    assert result.stderr.startswith("abstained from 2 of 2")
    heading, line, _ = bertplay("predict", ruled, *TEXTS).stdout.splitlines()
    assert heading.split("\t")[3:5] == ["abstained", "set"]
    assert line.split("\t")[3] == "yes"
    assert set(line.split("\t")[4].split("|")) <= {"bad", "good"}
    figures = json.loads(bertplay("evaluate", ruled, "--data", table, "--json").stdout)
    assert figures["abstention"] == {"coverage": 0.0, "accuracy": None}
    assert 0 < figures["sets"]["coverage"] <= 1


def test_what_sets_and_abstention_are_called():
    facts = {
        "classes": ["bad", "good"],
        "abstention": {"target_accuracy": 0.95, "threshold": 0.8},
        "sets": {"coverage": 0.9, "thresholds": [0.0, 0.4]},
    }
    assert abstention_text(facts) == (
        "below a confidence of 0.800, so that 0.95 of the answers are right"
    )
    assert sets_text(facts).endswith("of bad there are too few to leave it out of any")
    assert abstention_text({"abstention": {"reason": "why"}}) == "none, as why"
