"""`bertplay train --resume`, and what `--config` tells of a recorded run."""

import json
import shutil

import pytest
import yaml
from small_reviews import TRAIN_QUICKLY


@pytest.fixture
def unfinished(run, folder):
    """A run that was killed after its last checkpoint."""
    copy = shutil.copytree(run, folder / "unfinished")
    shutil.rmtree(copy / "model")
    (copy / "summary.json").unlink()
    (copy / "predictions.csv").unlink()
    return copy


def test_an_unfinished_run_is_finished(bertplay, unfinished, run):
    result = bertplay("train", "--resume", unfinished, "--json")
    assert result.exit_code == 0, result.stderr
    assert (
        json.loads(result.stdout)["validation"]
        == json.loads((run / "summary.json").read_text())["validation"]
    )
    assert (unfinished / "predictions.csv").read_bytes() == (run / "predictions.csv").read_bytes()


def test_a_run_without_a_checkpoint_starts_again(bertplay, unfinished, run):
    shutil.rmtree(unfinished / "checkpoints")
    assert bertplay("train", "--resume", unfinished).exit_code == 0
    assert (unfinished / "predictions.csv").read_bytes() == (run / "predictions.csv").read_bytes()


def test_the_plan_says_where_it_goes_on(bertplay, unfinished):
    for state in sorted((unfinished / "checkpoints").glob("step-*")):
        step = int(state.name.removeprefix("step-"))
    assert f"goes on after step {step}" in bertplay("train", "--resume", unfinished).output


def test_a_finished_run_is_shown_as_it_is(bertplay, run, folder):
    copy = shutil.copytree(run, folder / "finished")
    result = bertplay("train", "--resume", copy)
    assert result.exit_code == 0
    assert "is finished" in result.output
    assert "macro-F1" in result.output


@pytest.mark.parametrize("option", [("--lr", "1e-3"), ("--epochs", "9"), ("--overwrite",)])
def test_other_options_are_refused(bertplay, unfinished, option):
    result = bertplay("train", "--resume", unfinished, *option)
    assert result.exit_code == 2
    assert f"leave out {option[0]}" in result.stderr


def test_a_folder_that_is_no_run_is_refused(bertplay, folder):
    result = bertplay("train", "--resume", folder)
    assert result.exit_code == 2
    assert "is no run of bertplay" in result.stderr


def test_a_repeated_run_says_what_has_changed(bertplay, run, folder):
    values = yaml.safe_load((run / "config.yaml").read_text())
    values["recorded"]["packages"]["mlx"] = "0.1"
    (folder / "config.yaml").write_text(yaml.safe_dump(values))
    result = bertplay("train", "--config", folder / "config.yaml", "--output", folder / "again")
    assert result.exit_code == 0
    assert "mlx 0.1, now " in result.output


def test_a_repeated_run_says_nothing_where_nothing_has_changed(bertplay, run, folder):
    result = bertplay("train", "--config", run / "config.yaml", "--output", folder / "again")
    assert "not as when" not in result.output


def test_what_a_run_noted_must_stay_a_mapping(bertplay, folder):
    (folder / "config.yaml").write_text("recorded: 3\n")
    result = bertplay("train", "--config", folder / "config.yaml")
    assert result.exit_code == 2
    assert "recorded" in result.stderr


def test_options_that_exclude_each_other_are_refused(bertplay, table):
    result = bertplay(
        *("train", "--data", table, *TRAIN_QUICKLY, "--ema", "0.9", "--average-weights", "0.5")
    )
    assert result.exit_code == 2
    assert "ema and average_weights exclude each other" in result.stderr
