"""The same trainings with one process and with two."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from launching import ROOM, ended, started, training_arguments


@dataclass(frozen=True)
class Trainings:
    """Folders of what `trainings.py` wrote."""

    alone: Path
    together: Path


@pytest.fixture(scope="session")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    """With one process and with two, at the same time."""
    folder = tmp_path_factory.mktemp("trainings")
    both = Trainings(folder / "alone", folder / "together")
    processes = []
    for size, output in ((1, both.alone), (2, both.together)):
        output.mkdir()
        program = [str(ROOM / "trainings.py"), str(output)]
        processes += started(program, folder, size=size)
    for process in ended(processes):
        assert process.code == 0, process.err
    return both


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Of `bertplay train`, into `tmp_path/run`."""
    return training_arguments(tmp_path)
