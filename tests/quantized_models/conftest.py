"""Runs of tiny BERT with one label column, with several, and with an adapter."""

from pathlib import Path

import pytest

from bertplay import TrainOptions, train

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
ROWS = (
    ("the women first class", "survived", "glad", "0.9"),
    ("a women first ship", "survived", "glad", "0.8"),
    ("the men third class", "died", "sad", "0.1"),
    ("a men third ship", "died", "", "0.2"),
)


@pytest.fixture(scope="session")
def table(tmp_path_factory) -> Path:
    """40 rows."""
    path = tmp_path_factory.mktemp("table") / "passengers.csv"
    lines = [",".join(ROWS[row % 4]) for row in range(40)]
    path.write_text("\n".join(["text,label,mood,score", *lines]) + "\n")
    return path


@pytest.fixture(scope="session")
def trained(table, tmp_path_factory):
    """The folder of a quick run, with changes of its options."""

    def run(**changes) -> Path:
        output = tmp_path_factory.mktemp("runs") / "run"
        values = {
            "data": str(table),
            "backbone": str(TINY),
            "max_length": 16,
            "batch_size": 8,
            "epochs": 3,
            "lr": 3e-3,
            "average_weights": 0.0,
            "report": False,
            "output": str(output),
        }
        train(TrainOptions(**{**values, **changes}))
        return output

    return run


@pytest.fixture(scope="session")
def run(trained) -> Path:
    """A run that the tests only look at."""
    return trained()
