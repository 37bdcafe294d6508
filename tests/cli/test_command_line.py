"""`bertplay` itself: start-up, versions, and how every end becomes an exit code."""

import subprocess
import sys

import pytest

from bertplay import InputError, __version__, training
from bertplay.training import TrainingFailedError, TrainingInterruptedError


def test_version(bertplay):
    assert bertplay("--version").stdout == f"bertplay {__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_names_every_command_in_a_whole_line(bertplay, arguments):
    result = bertplay(*arguments)

    assert result.exit_code == 0
    for command in ("train", "evaluate", "predict", "info"):
        assert f"  {command} " in result.stdout


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "info"])
def test_every_command_has_help(bertplay, command):
    result = bertplay(command, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: bertplay {command}")


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]])
def test_help_and_version_load_no_heavy_library(arguments):
    code = (
        "import sys\n"
        "from bertplay.cli import main\n"
        "try:\n"
        f"    main({arguments})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'mlx', 'numpy', 'pandas', 'sklearn', 'rich', 'tokenizers', 'yaml'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize(
    ("typed", "meant"), [("trian", "train"), ("pridect", "predict"), ("evalute", "evaluate")]
)
def test_a_misspelt_command_is_told_its_nearest(bertplay, typed, meant):
    result = bertplay(typed)

    assert result.exit_code == 2
    assert result.stderr == f"Error: no command {typed!r}; did you mean {meant}?\n"


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (InputError("reviews.csv is\nempty"), 2, "Error: reviews.csv is empty"),
        (TrainingFailedError("the loss is nan at step 3"), 1, "Error: the loss is nan at step 3"),
        (TrainingInterruptedError("stopped at step 3"), 130, "Interrupted: stopped at step 3"),
        (KeyboardInterrupt(), 130, "Interrupted: stopped before anything was finished"),
        (OSError(28, "No space left on device", "run"), 1, "Error: run: No space left on device"),
    ],
)
def test_an_end_that_is_no_defect_is_one_sentence(
    bertplay, monkeypatch, folder, error, code, sentence
):
    def train(options, view, *, origin):
        raise error

    monkeypatch.setattr(training, "train", train)

    result = bertplay("train")

    assert result.exit_code == code
    assert result.stderr.strip() == sentence


def test_a_defect_keeps_its_traceback(bertplay, monkeypatch, folder):
    def train(options, view, *, origin):
        raise RuntimeError("a defect")

    monkeypatch.setattr(training, "train", train)

    with pytest.raises(RuntimeError, match="a defect"):
        bertplay("train")
