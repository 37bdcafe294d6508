"""The comparison of all losses: its runs, its figures and its table."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import bertplay
from bertplay.calibration import fit_temperature
from bertplay.losses import LOSSES
from bertplay.metrics import evaluate
from bertplay.prediction import softmax
from bertplay.run_directory import PREDICTIONS, TEST_PREDICTIONS, write_predictions
from bertplay.training import TrainingFailedError, TrainingInterruptedError

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
TINY = str(Path(__file__).resolve().parents[1] / "fixtures" / "tiny_bert")
COUNTS = {"anger": 9, "calm": 1, "disgust": 2, "fear": 3, "joy": 12}
FEW = ("--losses", "ce,focal", "--seeds", "2")


@pytest.fixture
def which_loss(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module; its neighbours are found beside it, as when it is run."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("which_loss")


@pytest.fixture
def figures(which_loss: ModuleType) -> ModuleType:
    return importlib.import_module("which_loss_figures")


@pytest.fixture
def tables(which_loss: ModuleType) -> ModuleType:
    return importlib.import_module("which_loss_table")


def random_rows(seed: int, rows: int, classes: int = 5):
    """Probabilities of an overconfident classifier, and labels."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, classes))
    labels = np.array([rng.choice(classes, p=shares) for shares in softmax(logits)])
    labels[:classes] = range(classes)
    return softmax(3 * logits), labels


def write_run(folder: Path, seed: int, *, with_test: bool = True) -> None:
    folder.mkdir(parents=True)
    for name, rows in ((PREDICTIONS, 80), (TEST_PREDICTIONS, 60)):
        if name == PREDICTIONS or with_test:
            shares, labels = random_rows(seed + rows, rows)
            write_predictions(folder / name, [*map(str, range(rows))], [*COUNTS], shares, labels)


class FakeTraining:
    """Stands in for `bertplay.train`: learns nothing, and remembers what it was given."""

    def __init__(self) -> None:
        self.runs: list[bertplay.TrainOptions] = []
        self.stop_at: int | None = None
        self.stop_with: Exception = TrainingInterruptedError("stopped")

    def __call__(self, options: bertplay.TrainOptions) -> dict[str, object]:
        if len(self.runs) == self.stop_at:
            raise self.stop_with
        self.runs.append(options)
        write_run(Path(options.output), len(self.runs), with_test=options.task == "emotion")
        return {"data": {"class_counts": COUNTS}, "train_seconds": 0.0}


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> FakeTraining:
    fake = FakeTraining()
    monkeypatch.setattr(bertplay, "train", fake)
    return fake


def table_rows(text: str) -> dict[str, list[str]]:
    """Loss to cells of the Markdown table."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells}


@pytest.mark.slow
def test_a_real_training_has_all_figures(which_loss, tmp_path, capsys):
    output = tmp_path / "table.md"
    few = ["--losses", "ce", "--seeds", "1", "--epochs", "1", "--backbone", TINY]
    assert which_loss.main([*few, "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    assert printed == output.read_text(encoding="utf-8")
    cells = table_rows(printed)["ce"]
    assert all(0 <= float(cell) <= 1 for cell in cells[:6])
    assert cells[6:] == ["-", "-", "-"]
    assert "rare: disgust (46), calm (47), fear (75)" in printed


@pytest.mark.slow
def test_several_processes_train_on_the_titanic_table(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, str(BENCHMARKS / "which_loss.py"), "--task", "titanic"),
            *("--losses", "ce,dice", "--seeds", "1", "--epochs", "1", "--backbone", TINY),
            *("--jobs", "2"),
        ],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "rare: survived (400)" in done.stdout
    assert "recall of survived" in done.stdout
    assert list(table_rows(done.stdout)) == ["ce", "dice"]


def test_by_default_every_loss_is_trained_the_focal_ones_with_weights_and_without(
    which_loss, training
):
    which_loss.main(["--seeds", "1"])
    assert {options.loss for options in training.runs} == set(LOSSES)
    arguments = [(o.loss, o.loss_args) for o in training.runs if o.loss_args]
    assert arguments == [
        ("focal", {"alpha": "balanced"}),
        ("focal", {"alpha": None}),
        ("focal_smooth", {"alpha": "balanced"}),
        ("focal_smooth", {"alpha": None}),
    ]


def test_losses_advance_together_seed_by_seed_with_the_recipe_of_the_table(which_loss, training):
    from bertplay.recipes import recipe_for

    which_loss.main([*FEW, "--lr", "0.002"])
    assert [(o.loss, o.seed) for o in training.runs] == [
        ("ce", 0),
        ("focal", 0),
        ("ce", 1),
        ("focal", 1),
    ]
    recipe = recipe_for("emotion", backbone="mini", built_in=True)
    for options in training.runs:
        assert (options.task, options.backbone) == ("emotion", "mini")
        assert (options.epochs, options.pooling, options.lr) == (
            recipe.epochs,
            recipe.pooling,
            0.002,
        )


def test_no_evaluated_row_chooses_an_epoch(which_loss, training):
    which_loss.main([*FEW])
    assert {(options.keep, options.patience) for options in training.runs} == {("last", None)}


def test_figures_are_those_of_the_test_rows(figures, tmp_path):
    write_run(tmp_path / "run", 0)
    found = figures.figures_of(tmp_path / "run", COUNTS)

    metrics = evaluate(*random_rows(60, 60), [*COUNTS])
    for name in ("macro_f1", "accuracy", "ece", "log_loss"):
        assert found[name] == pytest.approx(getattr(metrics, name), abs=1e-4)
    rare = [metrics.per_class[name] for name in ("calm", "disgust", "fear")]
    assert found["rare_f1"] == pytest.approx(np.mean([one["f1"] for one in rare]))
    assert found["rare_recall"] == pytest.approx(np.mean([one["recall"] for one in rare]))


def test_the_temperature_of_test_rows_is_fitted_on_the_validation_rows(figures, tmp_path):
    write_run(tmp_path / "run", 0)
    found = figures.figures_of(tmp_path / "run", COUNTS)

    fitted = fit_temperature(*logarithms(*random_rows(80, 80)))
    shares, labels = random_rows(60, 60)
    tempered = softmax(np.log(shares) / fitted)
    assert found["temperature"] == pytest.approx(fitted, rel=1e-3)
    assert found["tempered_ece"] == pytest.approx(
        evaluate(tempered, labels, [*COUNTS]).ece, abs=1e-3
    )
    assert found["tempered_ece"] < found["ece"]


def logarithms(shares, labels):
    return np.log(shares), labels


def test_without_test_rows_each_half_has_the_temperature_of_the_other(figures, tmp_path):
    write_run(tmp_path / "run", 0, with_test=False)
    rows = figures.read_predictions(tmp_path / "run" / PREDICTIONS)
    temperatures = figures.cross_fitted_temperatures(rows)

    one, other = np.unique(temperatures)
    for own, foreign in ((one, other), (other, one)):
        half = temperatures == own
        assert foreign == fit_temperature(rows.log_probabilities[half], rows.labels[half])
        counts = np.bincount(rows.labels[half], minlength=5)
        assert (abs(2 * counts - np.bincount(rows.labels, minlength=5)) <= 1).all()
    found = figures.figures_of(tmp_path / "run", COUNTS)
    assert found["accuracy"] == evaluate(*random_rows(80, 80), [*COUNTS]).accuracy
    assert found["temperature"] == pytest.approx(np.exp(np.log(temperatures).mean()))


def test_a_probability_that_is_written_as_0_stays_finite(figures, tmp_path):
    shares = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    labels = np.array([0, 1, 1, 0])
    write_predictions(tmp_path / PREDICTIONS, [*"abcd"], ["died", "survived"], shares, labels)

    found = figures.figures_of(tmp_path, {"died": 6, "survived": 4})
    assert np.isfinite([found["temperature"], found["log_loss"], found["tempered_ece"]]).all()


@pytest.mark.parametrize(
    ("counts", "rare"),
    [
        (COUNTS, ["calm", "disgust", "fear"]),
        ({"died": 6, "survived": 4}, ["survived"]),
        ({"survived": 6, "died": 4}, ["died"]),
    ],
)
def test_rare_are_three_classes_or_the_rarer_of_two(figures, counts, rare):
    assert figures.rare_classes(counts) == rare


def runs(*macro_f1: float, seeds=range(9)):
    """Figures whose rare F1 is half and whose rare recall a fifth of the macro-F1."""
    return {
        seed: {
            "macro_f1": value,
            "rare_f1": value / 2,
            "rare_recall": value / 5,
            "accuracy": 0.75,
            "ece": 0.1,
            "tempered_ece": 0.02,
        }
        for seed, value in zip(seeds, macro_f1, strict=False)
    }


def test_the_table_has_means_and_deviations_and_paired_differences_with_standard_errors(tables):
    table = tables.markdown_table(
        {"ce": runs(0.4, 0.5, 0.6), "focal:alpha=none": runs(0.43, 0.53, 0.66)}, ["fear"]
    )

    heading, _, *_ = table.splitlines()
    assert (
        "| F1 of fear | recall of fear | accuracy | ECE | ECE at T | macro-F1 - ce's |" in heading
    )
    rows = table_rows(table)
    assert rows["ce"][:2] == ["0.500 +- 0.100", "0.250 +- 0.050"]
    assert rows["ce"][-3:] == ["-", "-", "-"]
    # Differences 3, 3 and 6 points: mean 4, deviation sqrt(3), standard error 1.
    assert rows["focal, alpha none"][-3:] == ["+4.0 +- 1.0", "+2.0 +- 0.5", "+0.8 +- 0.2"]


def test_differences_are_taken_over_the_seeds_that_both_have(tables):
    focal = runs(0.7, 0.9, seeds=(1, 2))
    rows = table_rows(tables.markdown_table({"ce": runs(0.4, 0.5), "focal": focal}, ["fear"]))
    assert rows["focal"][6] == "+20.0"


def test_without_cross_entropy_there_are_no_differences(tables):
    rows = table_rows(tables.markdown_table({"focal": runs(0.4, 0.5)}, [*"abc"]))
    assert rows["focal"][-3:] == ["-", "-", "-"]


def test_an_interrupted_benchmark_continues_with_the_runs_that_are_missing(
    which_loss, training, tmp_path, capsys
):
    arguments = [*FEW, "--json", str(tmp_path / "runs.json")]
    training.stop_at = 3
    assert which_loss.main(arguments) == 130
    assert "the same command continues" in capsys.readouterr().err
    training.stop_at = None
    assert which_loss.main(arguments) == 0
    assert len(training.runs) == 4
    shown = capsys.readouterr()
    assert "3 of 4 runs are stored already" in shown.err
    assert list(table_rows(shown.out)) == ["ce", "focal"]


def test_more_seeds_or_losses_add_to_the_stored_runs(which_loss, training, tmp_path):
    stored = ["--json", str(tmp_path / "runs.json")]
    which_loss.main([*FEW, *stored])
    which_loss.main(["--losses", "ce,focal,dice", "--seeds", "3", *stored])
    assert len(training.runs) == 9


@pytest.mark.parametrize(
    "change",
    [("--epochs", "3"), ("--lr", "0.002"), ("--backbone", "scratch"), ("--task", "titanic")],
)
def test_a_stored_run_is_not_reused_for_other_settings(which_loss, training, tmp_path, change):
    arguments = [*FEW, "--json", str(tmp_path / "runs.json")]
    which_loss.main(arguments)
    which_loss.main([*arguments, *change])
    assert len(training.runs) == 8


def test_a_table_that_mixes_runs_of_different_code_says_so(
    which_loss, training, tmp_path, capsys, monkeypatch
):
    arguments = ["--seeds", "1", "--json", str(tmp_path / "runs.json")]
    which_loss.main([*arguments, "--losses", "ce"])
    assert "different states" not in capsys.readouterr().out
    monkeypatch.setattr(which_loss, "code_sha256", lambda: "edited")
    which_loss.main([*arguments, "--losses", "ce,focal"])
    assert "different states of bertplay's code" in capsys.readouterr().out


def test_the_json_file_has_every_run_with_its_settings_and_figures(which_loss, training, tmp_path):
    which_loss.main([*FEW, "--json", str(tmp_path / "runs.json")])
    stored = json.loads((tmp_path / "runs.json").read_text(encoding="utf-8"))["runs"]
    assert [run["settings"]["loss"] for run in stored] == ["ce", "focal", "ce", "focal"]
    assert set(stored[0]["result"]["per_class"]) == set(COUNTS)
    assert stored[0]["settings"]["backbone"]["sha256"]


def test_the_heading_names_files_without_their_folders(which_loss, training, tmp_path, capsys):
    which_loss.main([*FEW, "--json", str(tmp_path / "runs.json")])
    heading = capsys.readouterr().out.split("\n\n|")[0]
    assert heading.startswith(
        "`python benchmarks/which_loss.py --losses ce,focal --seeds 2 --json runs.json`"
    )
    assert str(tmp_path) not in heading
    assert "seeds 0 to 1" in heading


def test_a_loss_that_fails_is_reported(which_loss, training, capsys):
    training.stop_at, training.stop_with = 0, TrainingFailedError("the loss is not finite")
    assert which_loss.main([*FEW]) == 1
    assert "the loss is not finite" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--losses", "focl"), "did you mean"),
        (("--losses", "focal:gama=1"), "gamma"),
        (("--seeds", "0"), "at least 1"),
        (("--jobs", "0"), "at least 1"),
        (("--epochs", "0"), "epochs is 0"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_trained(
    which_loss, training, capsys, arguments, message
):
    with pytest.raises(SystemExit, match="2"):
        which_loss.main([*arguments])
    assert message in capsys.readouterr().err
    assert not training.runs
