"""A small table, tiny BERT, and one run with both that the tests only look at."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from quick_runs import quick_options

from bertplay import TrainOptions
from bertplay.checks.result import CheckResult
from bertplay.training import EpochRecord, Plan, SilentView, train

# Every text has four words, so that there is one padded length; "child" and "not" are in none.
SENTENCES = (
    ("the women first class", "survived"),
    ("a women first ship", "survived"),
    ("the men third class", "died"),
    ("a men third ship", "died"),
    ("the men third ship", "died"),
)


@dataclass
class RecordingView(SilentView):
    """Remembers what it is told."""

    plans: list[Plan] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)
    records: list[EpochRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    summaries: list[dict[str, Any]] = field(default_factory=list)

    def planned(self, plan: Plan) -> None:
        self.plans.append(plan)

    def stepped(self, epoch: int, step: int, loss: float, learning_rate: float) -> None:
        self.steps.append((epoch, step))

    def evaluated(self, record: EpochRecord) -> None:
        self.records.append(record)

    def warned(self, message: str) -> None:
        self.warnings.append(message)

    def checked(self, checks: tuple[CheckResult, ...]) -> None:
        self.checks += checks

    def finished(self, summary: dict[str, Any]) -> None:
        self.summaries.append(summary)


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path
    options: TrainOptions
    summary: dict[str, Any]
    view: RecordingView


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 rows; 24 died."""
    path = tmp_path_factory.mktemp("table") / "passengers.csv"
    rows = [",".join(SENTENCES[row % 5]) for row in range(40)]
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    return path


@pytest.fixture
def options(table: Path, tmp_path: Path) -> TrainOptions:
    """Two epochs of four steps with tiny BERT, into a new folder."""
    return quick_options(table, tmp_path / "run")


@pytest.fixture(scope="session")
def run(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One finished run."""
    options = quick_options(table, tmp_path_factory.mktemp("runs") / "first")
    options = replace(options, loss_args={"alpha": "balanced"})
    view = RecordingView()
    return Run(Path(str(options.output)), options, train(options, view), view)
