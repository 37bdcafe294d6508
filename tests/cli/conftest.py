"""The command line run inside the test's process, a small table, and one trained run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_reviews import TRAIN_QUICKLY, reviews, write_rows

from bertplay.cli import main

Run = Callable[..., Result]


@pytest.fixture
def bertplay() -> Run:
    """Run `bertplay` with arguments; exceptions that users would see as a traceback are raised."""

    def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(main, words, input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the test stands."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def table(folder: Path) -> Path:
    """reviews.csv in the test's folder."""
    return write_rows(folder / "reviews.csv", reviews())


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The run directory of a small model, and what training printed; with `--json`."""
    place = tmp_path_factory.mktemp("trained")
    data = write_rows(place / "reviews.csv", reviews())
    result = CliRunner().invoke(
        main,
        ["train", "--data", str(data), "--output", str(place / "run"), *TRAIN_QUICKLY, "--json"],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)
    return place / "run", result


@pytest.fixture(scope="session")
def run(trained: tuple[Path, Result]) -> Path:
    """The run directory of a small model."""
    return trained[0]
