"""`bertplay lr-find` on the command line."""

import json

import pytest

import bertplay.training
from bertplay.lr_find_options import LrFindOptions
from bertplay.options import TrainOptions

QUICK = ("--backbone", "scratch", "--max-length", "8", "--steps", "6")


@pytest.fixture
def asked(monkeypatch, folder):
    """What would be tested, instead of testing it."""
    calls = []

    def find(options, test_options, view):
        calls.append((options, test_options))
        return {"asked": True}

    monkeypatch.setattr(bertplay.training, "lr_find", find)
    return calls


def test_it_prints_losses_and_says_what_it_wrote(bertplay, table):
    result = bertplay("lr-find", "--data", table, "--output", "rates", *QUICK)

    assert result.exit_code == 0, result.output
    assert "suggest" in result.stdout
    assert "written to rates: lr_find.json, lr_find.svg" in result.stdout
    assert sorted(path.name for path in (table.parent / "rates").iterdir()) == [
        "lr_find.json",
        "lr_find.svg",
    ]


def test_json_prints_what_was_written_alone(bertplay, table):
    result = bertplay("lr-find", "--data", table, "--output", "rates", *QUICK, "--json")

    assert json.loads(result.stdout) == json.loads(
        (table.parent / "rates" / "lr_find.json").read_text()
    )


def test_options_of_the_run_and_of_the_test_are_taken(bertplay, asked):
    bertplay(
        *("lr-find", "--loss", "focal", "--gamma", "1", "--optimizer", "sgd", "--steps", "50"),
        *("--optimizer-arg", "momentum=0.5", "--first-lr", "1e-4", "--last-lr", "10"),
        *("--plot", "png", "--max-tokens", "512", "--json"),
    )

    assert asked == [
        (
            TrainOptions(
                loss="focal",
                loss_args={"gamma": 1},
                optimizer="sgd",
                optimizer_args={"momentum": 0.5},
                max_tokens=512,
            ),
            LrFindOptions(first_lr=1e-4, last_lr=10.0, steps=50, plot="png"),
        )
    ]


def test_the_config_of_a_run_gives_its_options_but_not_its_folder(bertplay, asked, folder):
    (folder / "c.yaml").write_text("loss: ce\nepochs: 3\nschedule: cosine\noutput: runs/x\n")

    bertplay("lr-find", "--config", "c.yaml", "--json")

    assert asked[0][0] == TrainOptions(loss="ce", epochs=3, schedule="cosine")


def test_what_concerns_whole_epochs_is_no_option(bertplay, asked):
    result = bertplay("lr-find", "--epochs", "3")

    assert result.exit_code == 2
    assert asked == []


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--steps", "2"), "steps is 2: it must be at least 4"),
        (("--first-lr", "2"), "first_lr is 2 and last_lr 1"),
        (("--data", "none.csv"), "none.csv"),
        (("--loss", "focl"), "did you mean"),
    ],
)
def test_wrong_input_is_one_sentence(bertplay, folder, words, named):
    result = bertplay("lr-find", *words)

    assert result.exit_code == 2
    assert named in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(folder.iterdir()) == []
