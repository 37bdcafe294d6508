"""What a training run tells whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from bertplay.adapters.settings import AdapterSettings
from bertplay.checks.result import CheckResult
from bertplay.checks.stretch import Stretch, mean_norms
from bertplay.training.objective import Objective
from bertplay.training.step_memory import StepMemory


@dataclass(frozen=True)
class TaskPlan:
    """One of several tasks.

    Attributes:
        name: of its column.
        kind: "single_label", "multi_label" or "regression".
        loss: the loss's name and resolved options.
        weight: what the loss counts.
        metric: the figure that stands for the task's quality.
        labelled_rows: training rows that have a label of it.
        class_counts: training rows by class name; empty for a regression.
    """

    name: str
    kind: str
    loss: dict[str, Any]
    weight: float
    metric: str
    labelled_rows: int
    class_counts: dict[str, int]


@dataclass(frozen=True)
class PlannedFeatures:
    """What frozen layers make of the training and validation texts, which is kept.

    Attributes:
        size: in bytes.
        in_file: some of it lies in a temporary file.
    """

    size: int
    in_file: bool


@dataclass(frozen=True)
class Plan:
    """What is about to happen.

    Attributes:
        source: where the training rows come from.
        train_rows: number of training rows.
        validation_rows: number of validation rows.
        test_rows: number of rows that only the final model is shown.
        class_counts: training rows by class name; empty with several tasks.
        example: the first training text.
        backbone: as the user named it.
        trainable_parameters: numbers that are trained.
        total_parameters: numbers of the whole model, with the words that no text has.
        loss: the loss's name and resolved options; empty with several tasks.
        sampling: how the rows of an epoch are drawn.
        padded_lengths: the shapes that are compiled.
        padding_fraction: padding tokens by all tokens of one epoch.
        cut_texts: training texts longer than `max_length`.
        steps_per_epoch: optimizer steps.
        epochs: at most so many.
        first_step: optimizer steps that are done already, where a run goes on.
        batches_per_step: that one optimizer step is made of.
        ema: decay of the moving average of the weights; 0 for none.
        memory: what the largest batch takes.
        objective: what is added to the loss.
        teacher: as the user named it; None for none.
        average_weights: part of the steps whose weights are averaged; 0 for none.
        output: the run directory.
        tasks: what is learned, where a model has several heads.
        task_weighting: how their losses are weighed.
        freeze_stages: epoch to what of the encoder is not trained from it on, as of `apply_freeze`.
        features: what is kept of the frozen layers' results; None where they run in every step.
        adapter: what is trained in place of the encoder; None where there is no adapter.
        quantize: bits of the encoder's linear maps; 0 where they are not quantized.
        head_left_out: the backbone has a head of its own, which is not used.
    """

    source: str
    train_rows: int
    validation_rows: int
    test_rows: int
    class_counts: dict[str, int]
    example: str
    backbone: str
    trainable_parameters: int
    total_parameters: int
    loss: dict[str, Any]
    sampling: str
    padded_lengths: tuple[int, ...]
    padding_fraction: float
    cut_texts: int
    steps_per_epoch: int
    epochs: int
    memory: StepMemory
    objective: Objective
    teacher: str | None
    average_weights: float
    output: str
    first_step: int = 0
    batches_per_step: int = 1
    ema: float = 0.0
    tasks: tuple[TaskPlan, ...] = ()
    task_weighting: str = "fixed"
    freeze_stages: Mapping[int, str] = field(default_factory=lambda: {1: "none"})
    features: PlannedFeatures | None = None
    adapter: AdapterSettings | None = None
    quantize: int = 0
    head_left_out: bool = False


class AsDict(Protocol):
    """Figures that can be written down."""

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""


Figures = TypeVar("Figures", bound=AsDict)


@dataclass(frozen=True)
class Evaluated(Generic[Figures]):
    """What an evaluation found.

    Attributes:
        figures: of the validation rows.
        outputs: the model's, of the validation rows; kept with the best epoch.
        score: what chooses the best epoch; larger is better.
        schedule: what the schedules of losses have reached; empty without any.
    """

    figures: Figures
    outputs: Any
    score: float
    schedule: Mapping[str, float]


@dataclass(frozen=True)
class EpochRecord(Generic[Figures]):
    """One epoch, as it is shown and as a line of metrics.jsonl.

    Attributes:
        epoch: counted from 1.
        step: optimizer steps since the start.
        train_loss: mean over the rows of the epoch.
        train_figures: further means over the rows, by name; none with a single label column.
        trainable_parameters: numbers that were trained.
        learning_rate: of the last step.
        gradient_norm: mean over the steps, before clipping.
        validation: the figures on the validation rows.
        is_best: better than all epochs before.
        seconds: training and evaluation of this epoch.
        schedule: what the loss's schedule has reached, such as the share `mix` of its second part
            or its `gamma`; empty for a loss without one.
        stretches: the epoch's steps in ten parts.
        checks: what each check says.
    """

    epoch: int
    step: int
    train_loss: float
    train_figures: Mapping[str, float]
    trainable_parameters: int
    learning_rate: float
    gradient_norm: float
    validation: Figures
    is_best: bool
    seconds: float
    schedule: Mapping[str, float]
    stretches: tuple[Stretch, ...] = ()
    checks: tuple[CheckResult, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "train_loss": self.train_loss,
            **({"train_figures": dict(self.train_figures)} if self.train_figures else {}),
            "trainable_parameters": self.trainable_parameters,
            "learning_rate": self.learning_rate,
            "gradient_norm": self.gradient_norm,
            "validation": self.validation.as_dict(),
            "is_best": self.is_best,
            "seconds": self.seconds,
            "schedule": dict(self.schedule),
            "gradient_norms": mean_norms(self.stretches),
            "stretches": [stretch.as_dict() for stretch in self.stretches],
            "checks": [check.as_dict() for check in self.checks],
        }


class SilentView:
    """Shows nothing; the terminal's views override what they show."""

    def taught(self, rows: int, total: int) -> None:
        """The teacher has read so many of the training texts; first 0, before the plan."""

    def planned(self, plan: Plan) -> None:
        """The data is read, the model is built, and training is about to start."""

    def checked(self, checks: tuple[CheckResult, ...]) -> None:
        """What the checks before training say; the records of epochs have them too."""

    def unfrozen(self, epoch: int, frozen: str, trainable: int) -> None:
        """From this epoch on something else is frozen, and so many numbers are trained."""

    def cached(self, rows: int, total: int) -> None:
        """Frozen layers have read so many of the texts, once; first 0, before the steps."""

    def stepped(self, epoch: int, step: int, loss: float, learning_rate: float) -> None:
        """Every few steps: the epoch, the step in the whole run, and the last figures."""

    def evaluated(self, record: EpochRecord[Any]) -> None:
        """An epoch has been trained and evaluated."""

    def warned(self, message: str) -> None:
        """Something the user should know, in one sentence."""

    def finished(self, summary: dict[str, Any]) -> None:
        """Everything is written; the summary is that of summary.json."""
