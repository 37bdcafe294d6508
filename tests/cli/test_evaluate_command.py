"""`bertplay evaluate` on a table with labels."""

import json

import pytest
from small_reviews import GOOD, write_rows


def test_json_has_the_figures_of_the_validation_block(bertplay, run, table):
    figures = json.loads(bertplay("evaluate", run, "--data", table, "--json").stdout)

    assert figures.keys() >= {
        *("accuracy", "balanced_accuracy", "macro_f1", "ece", "log_loss"),
        *("per_class", "confusion_matrix", "baseline", "checks"),
    }
    assert figures["data"]["rows"] == 24
    assert sum(map(sum, figures["confusion_matrix"])) == 24
    assert figures["baseline"]["majority_accuracy"] == pytest.approx(16 / 24)


def test_the_validation_rows_give_the_figures_of_the_summary(bertplay, run, folder):
    import csv

    with (run / "predictions.csv").open() as file:
        validation = list(csv.DictReader(file))
    with (run.parent / "reviews.csv").open() as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    rows = [(texts[int(row["id"]) - 1], row["label"]) for row in validation]
    write_rows(folder / "validation.csv", rows)

    printed = bertplay("evaluate", run, "--data", "validation.csv", "--raw", "--json").stdout

    figures = json.loads(printed)
    expected = json.loads((run / "summary.json").read_text())["validation"]
    assert figures["confusion_matrix"] == expected["confusion_matrix"]
    assert figures["log_loss"] == pytest.approx(expected["log_loss"], abs=1e-5)


def test_the_baseline_is_the_majority_of_the_training_rows(bertplay, run, folder):
    write_rows(folder / "t.csv", [("a dull film", "bad")] * 3 + [(GOOD[0], "good")])

    figures = json.loads(bertplay("evaluate", run, "--data", "t.csv", "--json").stdout)

    assert figures["baseline"]["majority_class"] == "good"
    assert figures["baseline"]["majority_accuracy"] == pytest.approx(1 / 4)


def test_a_model_folder_without_its_run_can_be_evaluated(bertplay, run, table):
    result = bertplay("evaluate", run / "model", "--data", table, "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["data"]["rows"] == 24


def test_a_table_that_lacks_a_class_is_evaluated(bertplay, run, folder):
    write_rows(folder / "t.csv", [(GOOD[0], "good"), (GOOD[1], "good")])

    figures = json.loads(bertplay("evaluate", run, "--data", "t.csv", "--json").stdout)

    assert figures["per_class"]["bad"]["recall"] is None


def test_the_plain_output_has_the_tables_and_no_escape_codes(bertplay, run, table):
    result = bertplay("evaluate", run, "--data", table)

    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.stdout
    for words in ("24 rows", "balanced accuracy", "always good", "precision", "Confusion matrix"):
        assert words in result.stdout


def test_the_table_must_be_named(bertplay, run):
    result = bertplay("evaluate", run)

    assert result.exit_code == 2
    assert "--data" in result.stderr


def test_the_label_may_stand_in_another_column(bertplay, run, folder):
    write_rows(folder / "t.csv", [(GOOD[0], "good"), (GOOD[1], "bad")])
    text = (folder / "t.csv").read_text().replace("label", "opinion", 1)
    (folder / "t.csv").write_text(text)

    named = bertplay("evaluate", run, "--data", "t.csv", "--label", "opinion", "--json")

    assert named.exit_code == 0, named.output
    assert json.loads(named.stdout)["data"]["rows"] == 2
    misspelt = bertplay("evaluate", run, "--data", "t.csv", "--label", "opinon")
    assert misspelt.exit_code == 2
    assert "no column 'opinon' (--label)" in misspelt.stderr
    assert "--label names another" in bertplay("evaluate", run, "--data", "t.csv").stderr
