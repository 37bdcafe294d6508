"""`bertplay compare` on a small table: its files, what is trained once, wrong input."""

import html
import json

import pytest

import bertplay as library
from bertplay.training import TrainingInterruptedError, shared_features

ONE_EPOCH = ("--epochs", "1", "--max-length", "8")
QUICKLY = (*ONE_EPOCH, "--backbone", "scratch", "--seeds", "2")


@pytest.fixture
def trainings(monkeypatch):
    """The losses and seeds that are trained; `trainings.stop_at` is where Ctrl-C is pressed."""

    class Trained(list):
        stop_at = None

    trained = Trained()
    train = library.train

    def counted(options, *rest, **more):
        if len(trained) == trained.stop_at:
            raise TrainingInterruptedError("stopped")
        trained.append((options.loss, options.seed))
        return train(options, *rest, **more)

    monkeypatch.setattr(library, "train", counted)
    return trained


def test_a_comparison_is_written_as_it_is_printed(bertplay, table, folder, trainings):
    result = bertplay(
        "compare", "--data", table, "--losses", "ce,focal:gamma=3", *QUICKLY, "--output", "compared"
    )
    assert result.exit_code == 0, result.stderr
    assert trainings == [("ce", 0), ("focal", 0), ("ce", 1), ("focal", 1)]
    assert (folder / "compared" / "compare.md").read_text() in result.stdout
    facts = json.loads((folder / "compared" / "compare.json").read_text())
    assert list(facts["methods"]) == [
        "ce",
        "focal, gamma 3",
        "ce + prior shift",
        "majority",
        "TF-IDF + logistic regression",
        "TF-IDF + balanced logistic regression",
    ]
    assert facts["methods"]["ce"]["differences"] is None
    page = (folder / "compared" / "compare.html").read_text()
    assert facts["recommendation"] in html.unescape(page)
    assert page.count("<svg") == 4
    assert facts["methods"]["majority"]["figures"]["rare_recall"]["mean"] == 0
    assert "[4/4] seed 1, focal, gamma 3" in result.stderr


def test_an_interrupted_comparison_goes_on_and_trains_nothing_twice(
    bertplay, table, folder, trainings
):
    command = ("compare", "--data", table, "--losses", "ce,dice", *QUICKLY, "--output", "compared")
    trainings.stop_at = 3
    stopped = bertplay(*command)
    assert stopped.exit_code == 130
    assert "3 of 4 trainings are finished and kept" in stopped.stderr
    trainings.stop_at = None
    first = bertplay(*command, "--json")
    again = bertplay(*command, "--json")
    assert len(trainings) == 4
    figures = [
        {name: method["scores"] for name, method in json.loads(result.stdout)["methods"].items()}
        for result in (first, again)
    ]
    assert figures[0] == figures[1]
    # Other settings are another training.
    bertplay(*command, "--lr", "0.01")
    assert len(trainings) == 8


def test_cross_validation_holds_every_row_out_once_a_repeat(bertplay, table, folder, trainings):
    command = ("compare", "--data", table, "--losses", "ce,dice", "--folds", "2", "--repeats", "2")
    command += (*ONE_EPOCH, "--backbone", "scratch", "--output", "compared")
    trainings.stop_at = 5
    stopped = bertplay(*command)
    assert (stopped.exit_code, len(trainings)) == (130, 5)
    trainings.stop_at = None
    result = bertplay(*command)
    assert result.exit_code == 0, result.stderr
    assert len(trainings) == 8
    assert "[8/8] repeat 2, fold 2, dice" in result.stderr
    facts = json.loads((folder / "compared" / "compare.json").read_text())
    assert (facts["folds"], facts["repeats"], facts["test"]) == (2, 2, "corrected-t")
    assert (facts["train_rows"], facts["evaluated_rows"]) == (12, 12)
    assert len(facts["methods"]["ce"]["scores"]["accuracy"]) == 4
    assert "2 folds, 2 repeats" in result.stdout
    assert "Paired by fold, with the corrected-t test" in result.stdout
    refused = bertplay("compare", "compared", "--test", "paired-t")
    assert refused.exit_code == 2
    assert "folds share training rows" in refused.stderr


def test_a_frozen_encoder_reads_the_texts_once_for_all_losses(bertplay, table, folder, monkeypatch):
    passes = []
    read = shared_features.frozen_features

    def counted(*arguments):
        passes.append(1)
        return read(*arguments)

    monkeypatch.setattr(shared_features, "frozen_features", counted)
    command = ("compare", "--data", table, "--seeds", "2", "--freeze", "full", *ONE_EPOCH)
    result = bertplay(*command, "--losses", "ce,dice", "--output", "compared")
    assert result.exit_code == 0, result.stderr
    assert len(passes) == 2 * 2  # seeds, and training and validation rows


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--losses", "focl"), "did you mean"),
        (("--losses", "focal:gama=1"), "gamma"),
        (("--seeds", "1"), "two seeds at least"),
        (("--seeds", "30", "--test", "sign-flip"), "20 at most"),
        (("--jobs", "0"), "at least 1"),
        (("--folds", "5", "--seeds", "5"), "--folds and --seeds exclude each other"),
        (("--repeats", "5"), "--repeats is of --folds"),
        (("--folds", "1"), "2 at least"),
        (("--folds", "9"), "class 'bad' has 8 rows, and --folds 9"),
        (("--folds", "2", "--repeats", "0"), "--repeats 0"),
        (("--folds", "2", "--test", "paired-t"), "folds share training rows"),
        (("--freeze", "half"), "half"),
        (("--reference", "dice"), "none of --losses"),
        (("--label", "stars"), "stars"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_trained(
    bertplay, table, folder, trainings, arguments, message
):
    result = bertplay("compare", "--data", table, *arguments, "--output", "compared")
    assert result.exit_code == 2
    assert message in result.stderr
    assert not trainings
    assert not (folder / "compared").exists()


def test_a_folder_with_other_files_is_left_alone(bertplay, table, folder, trainings):
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("keep")
    result = bertplay("compare", "--data", table, "--output", "mine")
    assert result.exit_code == 2
    assert "no comparison" in result.stderr
    assert not trainings
