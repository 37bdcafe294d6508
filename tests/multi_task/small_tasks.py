"""Tasks of every kind on tiny BERT, and a view that remembers what it is told."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bertplay import TrainOptions
from bertplay.checks.result import CheckResult
from bertplay.training import EpochRecord, Plan, SilentView

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"

TASKS = {"mood": {"loss": "ce"}, "topics": {"loss": "bce"}, "score": {"loss": "mse"}}

# The first word tells all labels; the score of a fifth row is missing, and a mood.
ROWS = (
    ("the women first class", "glad", "people|ship", "0.9"),
    ("a women first ship", "glad", "people", "0.8"),
    ("the men third class", "sad", "ship", "0.1"),
    ("a men third ship", "sad", "|", "0.2"),
    ("the men third ship", "", "ship", ""),
)


@dataclass
class RecordingView(SilentView):
    """Remembers what it is told."""

    plans: list[Plan] = field(default_factory=list)
    records: list[EpochRecord[Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)

    def planned(self, plan: Plan) -> None:
        self.plans.append(plan)

    def evaluated(self, record: EpochRecord[Any]) -> None:
        self.records.append(record)

    def warned(self, message: str) -> None:
        self.warnings.append(message)

    def checked(self, checks: tuple[CheckResult, ...]) -> None:
        self.checks += checks


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path
    options: TrainOptions
    summary: dict[str, Any]
    view: RecordingView


def task_options(table: Path, output: Path, **changes: Any) -> TrainOptions:
    """Two epochs of four steps with tiny BERT."""
    values = {
        "data": str(table),
        "tasks": TASKS,
        "backbone": str(TINY),
        "max_length": 16,
        "batch_size": 8,
        "epochs": 2,
        "lr": 1e-3,
        "output": str(output),
        "report": False,
    }
    return TrainOptions(**{**values, **changes})
