"""A small table with labels of every kind, and one run on it that the tests only look at."""

from pathlib import Path

import pytest
from small_tasks import ROWS, RecordingView, Run, task_options

from bertplay.training import train


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 rows."""
    path = tmp_path_factory.mktemp("tasks") / "texts.csv"
    lines = [",".join(ROWS[row % 5]) for row in range(40)]
    path.write_text("\n".join(["text,mood,topics,score", *lines]) + "\n")
    return path


@pytest.fixture(scope="session")
def run(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One finished run, whose task weights are learned."""
    output = tmp_path_factory.mktemp("runs") / "tasks"
    options = task_options(table, output, task_weighting="uncertainty")
    view = RecordingView()
    return Run(output, options, train(options, view), view)
