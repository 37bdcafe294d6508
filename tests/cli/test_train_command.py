"""`bertplay train` from a table to a run directory, for real."""

import json
import re

from small_reviews import TRAIN_QUICKLY

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
