"""`bertplay train` from a table to a run directory, for real."""

import csv
import json
import re
from pathlib import Path

import pytest
from small_reviews import TRAIN_QUICKLY

TINY_BERT = Path(__file__).parent.parent / "fixtures" / "tiny_bert"

SUMMARY_KEYS = {
    *("task", "loss", "backbone", "data", "validation", "baseline", "epochs_run", "best_epoch"),
    *("train_seconds", "padding_fraction", "compiled_shapes", "environment"),
}
RUN_FILES = {"config.yaml", "metrics.jsonl", "summary.json", "predictions.csv", "model"}


def test_json_prints_the_summary_and_nothing_else(trained):
    run, result = trained

    summary = json.loads(result.stdout)

    assert summary == json.loads((run / "summary.json").read_text())
    assert summary.keys() >= SUMMARY_KEYS
    assert summary["data"].keys() >= {"source", "sha256", "rows", "classes", "class_counts"}
    assert summary["validation"].keys() >= {
        *("accuracy", "balanced_accuracy", "macro_f1", "ece", "log_loss"),
        *("per_class", "confusion_matrix"),
    }
    assert "majority_accuracy" in summary["baseline"]


def test_the_run_directory_is_complete(run):
    assert {path.name for path in run.iterdir()} >= RUN_FILES


def test_progress_goes_to_standard_error_with_json(trained):
    _, result = trained

    assert "epoch 1/1" in result.stderr


def test_without_a_terminal_the_output_is_plain_lines(bertplay, table, folder, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")

    result = bertplay("train", "--data", table, "--output", "run", *TRAIN_QUICKLY)

    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", result.stdout)
    for words in (
        *("data: ", "classes: good 13 (68.4%), bad 6 (31.6%)", "example: ", "loss: focal_smooth"),
        *("epoch 1/1 (best so far): loss ", "recall bad ", "ECE ", "always good", "precision"),
        *("Confusion matrix", "written to run", "next: bertplay predict run "),
    ):
        assert words in result.stdout


def test_the_written_configuration_trains_the_same_model_again(bertplay, run, folder):
    result = bertplay("train", "--config", run / "config.yaml", "--output", "again", "--json")

    assert result.exit_code == 0, result.output
    weights = "model/model.safetensors"
    assert (folder / "again" / weights).read_bytes() == (run / weights).read_bytes()
    first = json.loads((run / "summary.json").read_text())
    assert json.loads(result.stdout)["validation"] == first["validation"]


def test_overwrite_replaces_a_run(bertplay, table, folder):
    options = ("train", "--data", table, "--output", "run", *TRAIN_QUICKLY, "--json")
    assert bertplay(*options).exit_code == 0

    result = bertplay(*options, "--loss", "ce", "--overwrite")

    assert result.exit_code == 0, result.output
    assert json.loads((folder / "run" / "summary.json").read_text())["loss"]["name"] == "ce"


def test_a_table_with_a_test_part_shows_it_to_the_final_model_alone(bertplay, folder):
    quick = (
        "--backbone",
        TINY_BERT,
        "--max-length",
        16,
        "--batch-size",
        128,
        "--epochs",
        1,
        "--no-report",
    )

    result = bertplay("train", "--task", "emotion", "--output", "run", *quick)

    assert result.exit_code == 0, result.output
    assert "rows: 2,145 to train on, 332 to validate on, 264 to test" in result.stdout
    assert "Test: 264 rows" in result.stdout
    assert "predictions.csv, test_predictions.csv" in result.stdout
    summary = json.loads((folder / "run" / "summary.json").read_text())
    assert summary["data"]["rows"] == 2145 + 332 + 264
    assert summary["data"]["test_rows"] == 264
    assert summary["test"].keys() == summary["validation"].keys()
    assert summary["test_baseline"]["majority_class"] == "neutral"
    assert summary["test_baseline"]["majority_accuracy"] == pytest.approx(1 / 11)
    with (folder / "run" / "test_predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    right = sum(row["label"] == row["predicted"] for row in rows)
    assert right / len(rows) == pytest.approx(summary["test"]["accuracy"])
