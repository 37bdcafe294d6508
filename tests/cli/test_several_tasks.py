"""Several tasks on the command line: how they are typed, shown, evaluated and predicted."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bertplay.cli import main
from bertplay.cli.several_tasks import TypedTasks, with_tasks
from bertplay.data.errors import InputError

ROWS = (
    ("a fine warm film", "good", "0.9", "warm|fine"),
    ("a dull cold film", "bad", "0.1", "cold"),
    ("fine story warm film", "good", "0.8", "warm|fine"),
    ("dull story cold film", "", "0.2", "|"),
)
TASKS = (
    *("--label", "verdict:focal", "--loss-arg", "verdict.gamma=1"),
    *("--label", "stars:mse", "--task-weight", "stars=0.5"),
    *("--label", "tags", "--loss", "tags=focal_bce"),
    *("--task-weighting", "inverse_f1"),
)
QUICKLY = ("--epochs", "1", "--max-length", "8", "--backbone", "scratch", "--no-report")


def write_table(folder: Path) -> Path:
    path = folder / "films.csv"
    lines = [",".join(ROWS[row % 4]) for row in range(32)]
    path.write_text("\n".join(["text,verdict,stars,tags", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The run directory of three tasks, and what training printed."""
    place = tmp_path_factory.mktemp("tasks")
    data, output = write_table(place), place / "run"
    result = CliRunner().invoke(
        main,
        ["train", "--data", str(data), "--output", str(output), *TASKS, *QUICKLY],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.stderr
    return output, data, result.stdout


def typed(labels=(), losses=(), **settings):
    flags = {key: (f"--task-{key}", values) for key, values in settings.items()}
    return TypedTasks(labels, losses, flags)


def test_what_is_typed_for_a_task_is_in_the_config(trained):
    output, _, _ = trained
    summary = json.loads((output / "summary.json").read_text())["tasks"]
    assert summary["verdict"]["loss"]["name"] == "focal"
    assert summary["verdict"]["loss"]["arguments"]["gamma"] == 1.0
    assert summary["stars"]["weight"] == 0.5
    assert summary["tags"]["loss"]["name"] == "focal_bce"


def test_the_plan_the_epochs_and_the_result_show_every_task(trained):
    _, _, text = trained
    assert "task verdict: one class a row, 2 classes" in text
    assert "% of the rows labelled" in text
    assert "task stars: a number" in text
    assert "weighting: inverse f1" in text
    epoch = next(line for line in text.splitlines() if line.startswith("epoch 1/1"))
    for part in ("score", "verdict macro-F1", "stars concordance", "weight 0.50"):
        assert part in epoch
    assert "weakest classes" in text


def test_a_config_with_tasks_trains_them_again(trained, bertplay, tmp_path):
    output, _, _ = trained
    again = tmp_path / "again"
    result = bertplay("train", "--config", output / "config.yaml", "--output", again)
    assert result.exit_code == 0
    one, other = ((folder / "predictions.csv").read_bytes() for folder in (output, again))
    assert one == other


def test_evaluate_shows_every_task(trained, bertplay):
    output, data, _ = trained
    text = bertplay("evaluate", output, "--data", data).stdout
    for part in ("verdict", "macro-F1", "stars", "concordance", "tags", "exact match"):
        assert part in text
    figures = json.loads(bertplay("evaluate", output, "--data", data, "--json").stdout)
    assert set(figures["tasks"]) == {"verdict", "stars", "tags"}


def test_predict_answers_every_task(trained, bertplay):
    output, data, _ = trained
    (found,) = json.loads(bertplay("predict", output, "a warm film", "--json").stdout)
    assert found["verdict"]["prediction"] in ("good", "bad")
    assert isinstance(found["stars"]["prediction"], float)
    assert set(found["tags"]["probabilities"]) == {"cold", "fine", "warm"}
    rows = list(csv.DictReader(bertplay("predict", output, "--data", data).stdout.splitlines()))
    assert len(rows) == 32
    assert {"id", "verdict", "verdict_good", "stars", "tags", "tags_cold"} <= rows[0].keys()


def test_another_label_column_cannot_be_named_for_several_tasks(trained, bertplay):
    output, data, _ = trained
    result = bertplay("evaluate", output, "--data", data, "--label", "verdict")
    assert result.exit_code == 2
    assert "learned several" in result.stderr


def test_one_label_with_a_loss_for_classes_is_no_task():
    assert with_tasks(typed(["stars:focal"]), {}, {"gamma": 1}) == {
        "label": "stars",
        "loss": "focal",
        "loss_args": {"gamma": 1},
    }


def test_one_label_with_a_loss_for_numbers_is_a_task():
    assert with_tasks(typed(["stars:mse"]), {}, {})["tasks"] == {"stars": {"loss": "mse"}}


def test_a_colon_before_something_unlike_a_loss_belongs_to_the_column():
    assert with_tasks(typed(["time: 12:30"]), {}, {})["label"] == "time: 12:30"


def test_the_command_line_wins_over_the_file_task_by_task():
    file = {"tasks": {"a": {"loss": "focal", "loss_args": {"gamma": 3}, "weight": 2}, "b": {}}}
    found = with_tasks(typed(losses=["a=ce"], weight=["b=4"]), file, {})["tasks"]
    assert found == {"a": {"loss": "ce", "weight": 2}, "b": {"weight": 4}}
    assert file["tasks"]["a"]["loss"] == "focal"


def test_labels_on_the_command_line_choose_the_tasks_of_a_file():
    file = {"tasks": {"a": {"weight": 2}, "b": {}}}
    found = with_tasks(typed(["a", "c:mse"]), file, {})["tasks"]
    assert found == {"a": {"weight": 2}, "c": {"loss": "mse"}}


@pytest.mark.parametrize(
    ("labels", "losses", "settings", "message"),
    [
        (["a:focl", "b"], [], {}, "there is no loss 'focl'; did you mean 'focal'"),
        (["a", "a"], [], {}, "names a column twice"),
        (["a", "b"], ["ce", "focal"], {}, "--loss is given as ce and focal"),
        (["a", "b"], ["c=ce"], {}, "--loss names the task 'c', but the tasks are a, b"),
        (["a:ce", "b"], ["a=focal"], {}, "two losses are given for task 'a'"),
        (["a", "b"], [], {"weight": ["c=1"]}, "--task-weight names the task 'c'"),
        (["a", "b"], [], {"weight": ["1"]}, "--task-weight '1': write it as TASK=VALUE"),
        ([], ["a=ce"], {}, "there are no tasks: name their columns with --label"),
    ],
)
def test_what_contradicts_itself_is_refused(labels, losses, settings, message):
    with pytest.raises(InputError, match=message):
        with_tasks(typed(labels, losses, **settings), {}, {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--multi-task"], "give --task emotion"),
        (["--task", "emotion", "--multi-task", "--loss", "ce"], "--loss emotion=ce"),
        (["--task", "emotion", "--multi-task", "--metric", "accuracy"], "--task-metric"),
        (["--task-weighting", "uncertainty"], "needs several tasks"),
        (["--task", "emotion", "--multi-task", "--task-weighting", "kendall"], "choose one of"),
    ],
)
def test_a_wrong_command_line_exits_with_2_and_one_sentence(arguments, message, bertplay, folder):
    result = bertplay("train", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", ["hf", "onnx"])
def test_several_heads_are_not_exported_and_that_is_said(trained, tmp_path, name):
    words = ["export", str(trained[0]), "--format", name, "--output", str(tmp_path / "out")]

    result = CliRunner().invoke(main, words)

    assert result.exit_code == 2
    assert "learned several tasks, and no format of export has room" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [("predict", "a warm film"), ("evaluate", "--data")])
def test_raw_is_refused_as_tasks_have_no_calibration(trained, bertplay, command):
    output, data, *_ = trained
    name, *rest = command

    result = bertplay(name, output, *rest, *([data] if name == "evaluate" else []), "--raw")

    assert result.exit_code == 2
    assert "leave --raw out" in result.stderr
    assert len(result.stderr.splitlines()) == 1
