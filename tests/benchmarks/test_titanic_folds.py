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
from bertplay.data.table import read_table
from bertplay.data.titanic import passenger_sentences
from bertplay.metrics import evaluate
from bertplay.recipes import recipe_for
from bertplay.training import TrainingInterruptedError

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FEW = ("--limit", "40", "--folds", "2", "--backbone", "scratch")
PASSENGERS = """\
PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked
1,0,3,"Abel, Mr. A",male,22,1,0,A/5 1,7.25,,S
2,1,1,"Bell, Mrs. B (Ann ""Nan"" Oak)",female,38,1,0,PC 2,71.28,C85,C
3,1,3,"Cole, Miss. C",female,,0,0,3,7.92,,
4,0,2,"Dale, Rev. D",male,35,0,0,4,8.05,,Q
5,0,3,"Eden, Mrs. E",female,30,0,2,5,,,S
6,1,1,"Ford, Master. F",male,0.92,1,2,6,151.55,C22 C26,S
7,0,3,"Gale, Mr. G",male,19,0,0,7,7.9,,S
8,1,2,"Hill, Mlle. H",female,24,0,0,8,49.5,B5,C
"""


@pytest.fixture
def titanic_folds(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module; its neighbours are found beside it, as when it is run."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("titanic_folds")


@pytest.fixture
def kaggle(tmp_path: Path) -> Path:
    path = tmp_path / "folder of this machine" / "train.csv"
    path.parent.mkdir()
    path.write_text(PASSENGERS, encoding="utf-8")
    return path


class FakeTraining:
    """Stands in for `bertplay.train`: learns nothing, and remembers what it was given."""

    def __init__(self) -> None:
        self.runs: list[bertplay.TrainOptions] = []
        self.rows: list[tuple[set[str], set[str]]] = []
        self.sentences: list[list[str]] = []
        self.stop_at: int | None = None

    def __call__(self, options: bertplay.TrainOptions) -> dict[str, object]:
        if len(self.runs) == self.stop_at:
            raise TrainingInterruptedError("stopped")
        train, held_out = read_table(options.data), read_table(options.validation)
        self.runs.append(options)
        self.rows.append((set(train.iloc[:, 0]), set(held_out.iloc[:, 0])))
        self.sentences.append(passenger_sentences(held_out))
        labels = held_out[next(c for c in held_out if c.lower() == "survived")].astype(int)
        shares = np.full((len(labels), 2), 0.5)
        figures = evaluate(shares, labels.to_numpy(), ("died", "survived"))
        return {"validation": figures.as_dict(), "train_seconds": 0.0}


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> FakeTraining:
    fake = FakeTraining()
    monkeypatch.setattr(bertplay, "train", fake)
    return fake


def table_rows(text: str) -> dict[str, list[str]]:
    """Method to cells of the Markdown table."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells}


def test_real_trainings_on_few_rows_stand_in_the_table_below_the_baselines(
    titanic_folds, tmp_path, capsys
):
    output = tmp_path / "table.md"
    losses = "ce,focal:alpha=none"
    done = titanic_folds.main([*FEW, "--epochs", "1", "--losses", losses, "--output", str(output)])
    assert done == 0
    printed = capsys.readouterr().out
    assert printed == output.read_text(encoding="utf-8")
    rows = table_rows(printed)
    assert list(rows) == [
        "majority class",
        "women survive",
        "TF-IDF + logistic regression",
        "TF-IDF + balanced logistic regression",
        "gradient boosting on the columns",
        "ce",
        "focal, alpha none",
    ]
    assert all(0 <= float(cell.split(" +- ")[0]) <= 1 for cell in rows["ce"])


def test_each_row_is_held_out_once_a_seed_and_never_trained_on_then(titanic_folds, training):
    titanic_folds.main([*FEW, "--losses", "ce", "--seeds", "0,1"])
    everybody = set(titanic_folds.read_passengers(None, 40).frame["name"])
    assert len(everybody) == 40
    assert [options.seed for options in training.runs] == [0, 0, 1, 1]
    for train, held_out in training.rows:
        assert train | held_out == everybody
        assert not train & held_out
    first, second, other_first, other_second = (held_out for _, held_out in training.rows)
    assert first | second == other_first | other_second == everybody
    assert first not in (other_first, other_second)


def test_each_fold_has_its_share_of_both_classes(titanic_folds):
    labels = np.repeat([0, 1], [60, 40])
    folds = titanic_folds.stratified_folds(labels, 5, [0])
    assert [labels[fold.held_out].sum() for fold in folds] == [8] * 5
    assert [fold.number for fold in folds] == [1, 2, 3, 4, 5]


def test_a_fold_has_the_sentences_of_the_whole_table(titanic_folds, training, kaggle):
    titanic_folds.main(
        ["--data", str(kaggle), "--folds", "2", "--backbone", "scratch", "--losses", "ce"]
    )
    of_folds = [sentence for fold in training.sentences for sentence in fold]
    assert sorted(of_folds) == sorted(passenger_sentences(read_table(kaggle)))


def test_the_held_out_fold_chooses_no_epoch(titanic_folds, training):
    titanic_folds.main([*FEW, "--losses", "ce"])
    assert [options.keep for options in training.runs] == ["last", "last"]
    assert all(options.patience is None for options in training.runs)


def test_settings_come_from_the_recipe_unless_they_are_given(titanic_folds, training):
    recipe = recipe_for("titanic", backbone="scratch", built_in=True)
    titanic_folds.main([*FEW, "--losses", "ce", "--lr", "0.002", "--batch-size", "8"])
    (options, _) = training.runs
    assert (options.epochs, options.pooling) == (recipe.epochs, recipe.pooling)
    assert (options.lr, options.batch_size) == (0.002, 8)


def test_by_default_seven_losses_are_compared(titanic_folds, training):
    titanic_folds.main([*FEW])
    assert [(options.loss, options.loss_args) for options in training.runs[:7]] == [
        ("ce", {}),
        ("weighted_ce", {}),
        ("focal", {"alpha": "balanced"}),
        ("focal", {"alpha": None}),
        ("focal_smooth", {"alpha": "balanced"}),
        ("focal_smooth", {"alpha": None}),
        ("adaptive", {}),
    ]


def test_an_interrupted_benchmark_continues_with_the_runs_that_are_missing(
    titanic_folds, training, tmp_path, capsys
):
    arguments = [*FEW, "--losses", "ce,focal", "--json", str(tmp_path / "runs.json")]
    training.stop_at = 3
    assert titanic_folds.main(arguments) == 130
    training.stop_at = None
    assert titanic_folds.main(arguments) == 0
    assert len(training.runs) == 4
    assert "focal" in table_rows(capsys.readouterr().out)


@pytest.mark.parametrize(
    "change",
    [
        ("--epochs", "3"),
        ("--lr", "0.002"),
        ("--pooling", "max"),
        ("--batch-size", "8"),
        ("--limit", "41"),
        ("--folds", "3"),
        ("--seeds", "5"),
        ("--losses", "focal:gamma=1"),
    ],
)
def test_a_stored_run_is_not_reused_for_other_settings(titanic_folds, training, tmp_path, change):
    arguments = [*FEW, "--losses", "focal", "--json", str(tmp_path / "runs.json")]
    titanic_folds.main(arguments)
    stored = len(training.runs)
    titanic_folds.main([*arguments, *change])
    assert len(training.runs) == stored + (3 if "--folds" in change else 2)


def test_a_table_that_mixes_runs_of_different_code_says_so(
    titanic_folds, training, tmp_path, capsys, monkeypatch
):
    arguments = [*FEW, "--json", str(tmp_path / "runs.json")]
    titanic_folds.main([*arguments, "--losses", "ce"])
    assert "different states" not in capsys.readouterr().out
    monkeypatch.setattr(titanic_folds, "code_sha256", lambda: "edited")
    titanic_folds.main([*arguments, "--losses", "ce,focal"])
    assert "2 different states of bertplay's code" in capsys.readouterr().out


def test_a_stored_run_is_not_reused_when_the_backbone_has_changed(titanic_folds, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    before = titanic_folds.folder_sha256(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"Weights")
    assert titanic_folds.folder_sha256(str(tmp_path)) != before


def test_the_json_file_has_every_run_with_its_settings_and_figures(
    titanic_folds, training, tmp_path
):
    titanic_folds.main([*FEW, "--losses", "ce", "--json", str(tmp_path / "runs.json")])
    runs = json.loads((tmp_path / "runs.json").read_text(encoding="utf-8"))["runs"]
    assert len(runs) == 2 * (5 + 1)
    assert {run["settings"]["fold"] for run in runs} == {1, 2}
    assert all("confusion_matrix" in run["result"]["validation"] for run in runs)


def test_a_json_file_of_something_else_is_refused_and_left_as_it_is(
    titanic_folds, training, tmp_path, capsys
):
    (tmp_path / "runs.json").write_text('{"mine": 1}', encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        titanic_folds.main([*FEW, "--json", str(tmp_path / "runs.json")])
    assert "holds no runs of a benchmark" in capsys.readouterr().err
    assert (tmp_path / "runs.json").read_text(encoding="utf-8") == '{"mine": 1}'


def test_the_heading_gives_the_command_and_no_folder(titanic_folds, training, kaggle, capsys):
    titanic_folds.main(
        [f"--data={kaggle}", "--folds", "2", "--backbone", "scratch", "--losses", "ce"]
    )
    text = capsys.readouterr().out
    command = text.splitlines()[0]
    assert command == (
        "`python benchmarks/titanic_folds.py --data=train.csv --folds 2 --backbone scratch "
        "--losses ce`"
    )
    assert "8 rows (4 died, 4 survived)" in text
    assert "folder of this machine" not in text


def test_baselines_alone_need_no_backbone(titanic_folds, kaggle, capsys):
    arguments = ["--data", str(kaggle), "--folds", "2", "--baselines-only"]
    assert titanic_folds.main(arguments) == 0
    rows = table_rows(capsys.readouterr().out)
    assert len(rows) == 5
    assert rows["majority class"][0] == "0.500 +- 0.000"
    assert rows["women survive"][0].startswith("0.750")


def test_rules_have_no_calibration_error(titanic_folds, kaggle, capsys):
    titanic_folds.main(["--data", str(kaggle), "--folds", "2", "--baselines-only"])
    rows = table_rows(capsys.readouterr().out)
    assert [rows[name][3] for name in ("majority class", "women survive")] == ["-", "-"]
    assert rows["TF-IDF + logistic regression"][3] != "-"


def test_the_columns_of_kaggle_s_table_are_read_with_titles_and_gaps(titanic_folds, kaggle):
    columns_of_facts = importlib.import_module("titanic_baselines").columns_of_facts
    facts = columns_of_facts(read_table(kaggle)).astype(object)
    assert facts["title"].tolist() == [
        "Mr", "Mrs", "Miss", "rare", "Mrs", "Master", "Mr", "Miss",
    ]  # fmt: skip
    assert facts["family"].tolist() == [2, 2, 1, 1, 3, 4, 1, 1]
    assert facts["class"].tolist() == [3, 1, 3, 2, 3, 1, 3, 2]
    assert facts["deck"].dropna().tolist() == ["C", "C", "B"]
    assert (
        facts["port"].isna().sum() == facts["age"].isna().sum() == facts["fare"].isna().sum() == 1
    )


def test_the_built_in_table_has_fewer_columns(titanic_folds):
    baselines = importlib.import_module("titanic_baselines")
    facts = baselines.columns_of_facts(baselines.read_passengers(None).frame)
    assert list(facts) == ["sex", "age", "class", "title"]
    assert set(facts["class"]) == {1, 2, 3}
    assert len(facts) == 1309


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--backbone"),
        (("--backbone", "scratch", "--losses", "focl"), "did you mean"),
        (("--backbone", "scratch", "--losses", "focal:gama=1"), "gamma"),
        (("--backbone", "scratch", "--seeds", "a"), "0,1,2"),
        (("--backbone", "scratch", "--limit", "0"), "at least 1"),
        (("--backbone", "scratch", "--jobs", "0"), "at least 1"),
        (("--backbone", "scratch", "--limit", "6", "--folds", "5"), "--folds"),
        (("--backbone", "scratch", "--data", "nowhere.csv"), "nowhere.csv does not exist"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_trained(
    titanic_folds, training, capsys, arguments, message
):
    with pytest.raises(SystemExit, match="2"):
        titanic_folds.main([*arguments])
    assert message in capsys.readouterr().err
    assert not training.runs


@pytest.mark.slow
def test_several_processes_do_the_same_runs(tmp_path):
    command = [sys.executable, str(BENCHMARKS / "titanic_folds.py"), *FEW, "--epochs", "1"]
    options = ["--losses", "ce", "--jobs", "2", "--json", str(tmp_path / "runs.json")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run(
        [*command, *options], check=True, env=environment, cwd=tmp_path, capture_output=True
    )
    runs = json.loads((tmp_path / "runs.json").read_text(encoding="utf-8"))["runs"]
    trained = [run["settings"]["fold"] for run in runs if run["settings"]["method"] == "ce"]
    assert sorted(trained) == [1, 2]
