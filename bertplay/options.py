"""Everything `bertplay train` can be told, in one place: names, defaults, help and range checks.

The command line, YAML and Python all build a `TrainOptions`; the fields' metadata is the help text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from numbers import Integral
from pathlib import Path
from typing import Any, get_type_hints

from bertplay.adapters.settings import KINDS as ADAPTER_KINDS
from bertplay.checks.thresholds import thresholds_of
from bertplay.data.errors import InputError
from bertplay.decisions.aim import aim_of, require_shares
from bertplay.decisions.names import CALIBRATIONS, DEFAULT_CALIBRATION
from bertplay.optimizers.arguments import OPTIMIZER_ARGUMENTS, optimizer_arguments
from bertplay.option_values import plain_arguments, plain_names, plain_tasks, plain_value
from bertplay.schedules.arguments import SCHEDULE_ARGUMENTS, schedule_arguments
from bertplay.tracking.libraries import TRACKERS
from bertplay.trained_part_options import require_trained_part
from bertplay.transformers_head import POOLINGS as TRANSFORMERS_POOLINGS

POOLINGS = ("cls", "mean", "max", "attention")
HEADS = ("bertplay", "transformers")
SAMPLINGS = ("natural", "balanced", "sqrt")
OPTIMIZERS = tuple(OPTIMIZER_ARGUMENTS)
SCHEDULES = tuple(SCHEDULE_ARGUMENTS)
KEEP = ("best", "last")
PRECISIONS = ("float32", "bfloat16")
ADAPTERS = ("none", *ADAPTER_KINDS)
TASK_WEIGHTINGS = (
    "fixed",
    "uncertainty",
    "inverse_accuracy",
    "inverse_f1",
    "difficulty",
    "inverse_variance",
    "gradients",
)
RECORDED = "recorded"
"""The key of a run's config.yaml that is no option: what the run's figures come from."""

METRICS = ("macro_f1", "balanced_accuracy", "accuracy", "log_loss")


def option(
    default: Any, help_text: str, *, choices: tuple[str, ...] = (), group: str = "Training"
) -> Any:
    """A dataclass field that carries its own help text, choices and heading."""
    return field(default=default, metadata={"help": help_text, "choices": choices, "group": group})


@dataclass(frozen=True)
class TrainOptions:
    """The options of one training run; None means that the task's recipe decides.

    Raises:
        InputError: an option is of the wrong type or outside its range, or two options exclude
            each other.
    """

    task: str | None = option(
        None,
        "What to train: titanic (the default without --data --label) or emotion.",
        choices=("titanic", "emotion"),
        group="Data",
    )
    data: str | None = option(None, "Training table: CSV, TSV, JSONL or Parquet.", group="Data")
    validation: str | None = option(
        None,
        "Validation table; without it a stratified part of the data is held out.",
        group="Data",
    )
    text: str | None = option(None, "Column that holds the text.", group="Data")
    template: str | None = option(
        None, 'Sentence made from columns, e.g. "{title}: {body}"; instead of --text.', group="Data"
    )
    label: str | None = option(
        None,
        "Column that holds the class; several times for several tasks, each with its own loss.",
        group="Data",
    )
    group: str | None = option(
        None,
        "Column whose equal values stay on one side of the split (families, users).",
        group="Data",
    )
    validation_fraction: float = option(
        0.2, "Part of the rows held out where no validation table is given.", group="Data"
    )

    loss: str = option(
        "focal_smooth",
        "Loss; `bertplay losses` explains each. With several tasks also TASK=NAME, several times.",
        group="Loss",
    )
    loss_args: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={
            "help": "Options of the loss: gamma, alpha, smoothing, class_weights, ...",
            "group": "Loss",
        },
    )

    teacher: str | None = option(
        None,
        "Trained run whose predictions are learned as well (knowledge distillation).",
        group="Loss",
    )
    teacher_weight: float | None = option(
        None, "Share of the teacher in the loss, labels have the rest; default: 0.5.", group="Loss"
    )
    temperature: float | None = option(
        None,
        "Softens the teacher's predictions and the model's while it learns them; default: 2.",
        group="Loss",
    )

    backbone: str = option(
        "mini",
        "Encoder: mini (a small pretrained BERT that comes along), scratch (random weights and a "
        "vocabulary made from the training texts), a folder, or a Hugging Face repo id.",
        group="Model",
    )
    head: str = option(
        "bertplay",
        "What makes a class of the token states: bertplay (pooling, norm, a linear map) or "
        "transformers (that of its models for classification, which can be exported as one).",
        choices=HEADS,
        group="Model",
    )
    pooling: str | None = option(
        None,
        "How token states become one vector; with cls, most encoders skip the other tokens in "
        "their last layer.",
        choices=POOLINGS,
        group="Model",
    )
    dropout: float = option(0.1, "Dropout in the head.", group="Model")
    dropout_samples: int = option(
        1,
        "Dropout masks of the head's last layer that are averaged while it trains (multi-sample "
        "dropout).",
        group="Model",
    )
    max_length: int | None = option(
        None, "Longest text in tokens; longer ones are cut.", group="Model"
    )

    freeze: str = option(
        "none",
        "What of the encoder is not trained: none, full (the head alone is trained), embeddings, "
        "or the number of bottom layers that stay as they are, with the embeddings.",
        group="Trained part",
    )
    unfreeze: str | None = option(
        None,
        "What is frozen from an epoch on, in stages such as '1:full 3:4 5:none': the head alone "
        "first, all but the bottom 4 layers from epoch 3 on, and all from epoch 5 on.",
        group="Trained part",
    )
    cache_frozen: bool = option(
        True,
        "Run frozen layers once over the texts and keep what they make of them, in memory or, "
        "above 1 GiB, in a temporary file; with no-, run them in every step.",
        group="Trained part",
    )
    adapter: str = option(
        "none",
        "Train small matrices added to the encoder's linear maps, and not the encoder itself.",
        choices=ADAPTERS,
        group="Trained part",
    )
    adapter_rank: int | None = option(
        None, "Inner size of the adapter's matrices; default: 8.", group="Trained part"
    )
    adapter_alpha: float | None = option(
        None, "The adapter's part is scaled by alpha / rank; default: 16.", group="Trained part"
    )
    adapter_dropout: float | None = option(
        None, "Dropout of the adapter's input; default: 0.", group="Trained part"
    )
    adapter_targets: str | None = option(
        None,
        "Linear maps with an adapter, with commas between: query, key, value, "
        "attention.output.dense, intermediate.dense, output.dense, or all-linear; default: "
        "query,value.",
        group="Trained part",
    )
    quantize: int = option(
        0,
        "Bits of the encoder's linear maps, 8 or 4, under an adapter or frozen; 0: not quantized.",
        group="Trained part",
    )

    epochs: int | None = option(None, "Passes over the training rows.")
    batch_size: int = option(32, "Rows computed at once.")
    max_tokens: int | None = option(
        None,
        "Most tokens computed at once, padding included, in place of --batch-size: short texts go "
        "in larger batches.",
    )
    accumulate: int = option(
        1,
        "Batches per optimizer step, which is exactly that of one batch so much larger in the "
        "memory of one; costs a forward pass more.",
    )
    gradient_checkpointing: bool = option(
        False,
        "Compute each layer again in the backward pass instead of keeping its results: less "
        "memory, about a third more time.",
    )
    precision: str = option(
        "float32",
        "What the encoder computes in while it trains; weights and the optimizer stay float32.",
        choices=PRECISIONS,
    )
    sampling: str = option(
        "natural",
        "Rows of an epoch: natural (each once), balanced (drawn, all classes alike) or sqrt "
        "(drawn, classes by the square root of their rows).",
        choices=SAMPLINGS,
    )
    lr: float | None = option(None, "Peak learning rate.")
    head_lr: float | None = option(
        None, "Peak learning rate of the head; default: that of the encoder."
    )
    layer_decay: float = option(
        1.0, "Learning rate of each layer of the encoder by that of the one above it."
    )
    schedule: str = option(
        "linear", "How the learning rate changes after the warm-up.", choices=SCHEDULES
    )
    schedule_args: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={
            "help": "Options of the schedule: min_lr, step_size, T_0, pct_start, patience, ...",
            "group": "Training",
        },
    )
    warmup: float = option(0.1, "Part of the steps in which the learning rate rises.")
    optimizer: str = option("adamw", "How a gradient changes the weights.", choices=OPTIMIZERS)
    optimizer_args: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={
            "help": "Options of the optimizer: momentum, nesterov, beta1, beta2, eps, ...",
            "group": "Training",
        },
    )
    weight_decay: float = option(0.01, "Weight decay; norms and biases are never decayed.")
    clip_norm: float = option(1.0, "Largest global gradient norm; 0 turns clipping off.")
    r_drop: float = option(
        0.0,
        "Weight of R-Drop: two passes with different dropout must agree; 0 for none. A step takes "
        "twice the time.",
    )
    average_weights: float | None = option(
        None,
        "Part of the steps, at the end, whose weights are averaged into the model; 0 for none.",
    )
    ema: float = option(
        0.0,
        "Decay of an exponential moving average of the weights, such as 0.999, that becomes the "
        "model; 0 for none.",
    )
    metric: str = option(
        "macro_f1", "Validation figure that chooses the best epoch.", choices=METRICS
    )
    keep: str = option(
        "best",
        "Which epoch's weights become the model: best (by the metric) or last.",
        choices=KEEP,
    )
    patience: int | None = option(None, "Stop after so many epochs without a better metric.")
    checkpoint_every: int | None = option(
        None, "Steps between two checkpoints, besides those after each epoch."
    )
    keep_checkpoints: int = option(2, "Checkpoints to keep, the latest; --resume needs one.")
    seed: int = option(0, "Seed of the split, the weights, the order and dropout.")

    calibration: str | None = option(
        None,
        "What makes the model's probabilities as right as they are sure, fitted on the validation "
        f"rows and kept with the model; default: {DEFAULT_CALIBRATION}. isotonic is for two "
        "classes.",
        choices=CALIBRATIONS,
        group="Decisions",
    )
    optimise: str | None = option(
        None,
        "What the decision rule, fitted on the validation rows and kept with the model, is to be "
        "best at: macro_f1, balanced_accuracy, recall@precision=0.9 (of the rarest class, or "
        "recall@precision=0.9:CLASS), or cost=FILE, a CSV table of what each mistake costs; "
        "none (the default) is the likeliest class.",
        group="Decisions",
    )

    target_accuracy: float = option(
        0.0,
        "Share of the answers that is to be right: predict abstains from rows that are less sure "
        "than what that takes on the validation rows; 0 answers every row.",
        group="Decisions",
    )
    coverage: float = option(
        0.0,
        "Share of each class's rows, such as 0.9, whose prediction set is to hold the class "
        "(conformal prediction); 0 for no sets.",
        group="Decisions",
    )

    tasks: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        metadata={
            "help": "Several label columns at once: column to its kind, loss, loss_args, weight, "
            "metric and score_weight.",
            "group": "Several tasks",
        },
    )
    multi_task: bool = option(
        False,
        "With --task emotion: learn all columns of the built-in table at once.",
        group="Several tasks",
    )
    task_weighting: str = option(
        "fixed",
        "How the tasks' losses are weighed: as given (fixed), learned, by validation figures after "
        "each epoch, or by their gradients.",
        choices=TASK_WEIGHTINGS,
        group="Several tasks",
    )

    output: str | None = option(
        None, "Run directory; default runs/TASK-LOSS, then runs/TASK-LOSS-2, ...", group="Output"
    )
    overwrite: bool = option(False, "Replace the run in --output.", group="Output")
    report: bool = option(
        True, "Write report.html, the run as a page; with no-, do without.", group="Output"
    )
    check_thresholds: Mapping[str, float] = field(
        default_factory=dict,
        metadata={"help": "Limits of the checks; docs/checks.md lists them.", "group": "Output"},
    )
    track: tuple[str, ...] = option(
        (),
        "Send the figures to a tracker as well; may be given several times.",
        choices=TRACKERS,
        group="Output",
    )

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is read; keep the rest as plain values."""
        hints = get_type_hints(TrainOptions)
        for declared in fields(self):
            name, value = declared.name, getattr(self, declared.name)
            if name in ("loss_args", "optimizer_args", "schedule_args", "check_thresholds"):
                plain: Any = plain_arguments(name, value)
            elif name == "track":
                plain = plain_names(name, value)
            elif name == "tasks":
                plain = plain_tasks(value)
            elif name == "freeze" and isinstance(value, Integral) and not isinstance(value, bool):
                plain = str(value)  # a number of layers, as YAML has it
            elif name == "unfreeze" and isinstance(value, Mapping):
                plain = " ".join(f"{epoch}:{frozen}" for epoch, frozen in value.items())
            else:
                plain = plain_value(name, value, hints[name])
            object.__setattr__(self, name, plain)  # the dataclass is frozen
        for name in (
            "head",
            "pooling",
            "sampling",
            "optimizer",
            "schedule",
            "metric",
            "keep",
            "task",
            "task_weighting",
            "adapter",
            "calibration",
        ):
            require_choice(name, getattr(self, name), option_choices(name))
        for tracker in self.track:
            require_choice("track", tracker, TRACKERS)
        if self.head == "transformers":
            require(
                self.pooling in (None, *TRANSFORMERS_POOLINGS),
                f"pooling is {self.pooling!r}, and head transformers reads the first token's "
                "state, or of ModernBERT the mean: leave pooling out, or give "
                f"{' or '.join(TRANSFORMERS_POOLINGS)}",
            )
            require(
                not learns_tasks(self),
                "head transformers is for a single label column: leave it out with several tasks",
            )
            # Said here, before the task's recipe would say another one.
            pooling = self.pooling or TRANSFORMERS_POOLINGS[0]
            object.__setattr__(self, "pooling", pooling)
        thresholds_of(self.check_thresholds)
        optimizer_arguments(self.optimizer, self.optimizer_args)
        schedule_arguments(self.schedule, self.schedule_args)
        require(
            self.text is None or self.template is None,
            "text and template exclude each other: give one of them",
        )
        require(
            0 < self.validation_fraction < 1,
            f"validation_fraction is {self.validation_fraction}: it must lie between 0 and 1",
        )
        for name in (
            "epochs",
            "batch_size",
            "max_tokens",
            "accumulate",
            "max_length",
            "patience",
            "checkpoint_every",
            "keep_checkpoints",
            "dropout_samples",
        ):
            value = getattr(self, name)
            lowest = 4 if name == "max_length" else 1
            require(
                value is None or value >= lowest, f"{name} is {value}: it must be at least {lowest}"
            )
        for name in ("lr", "head_lr"):
            value = getattr(self, name)
            require(
                value is None or 0 < value < 1, f"{name} is {value}: it must lie between 0 and 1"
            )
        require(
            0 < self.layer_decay <= 1,
            f"layer_decay is {self.layer_decay}: it must be above 0 and at most 1",
        )
        for name in ("warmup", "dropout", "average_weights", "ema"):
            value = getattr(self, name)
            require(
                value is None or 0 <= value < 1,
                f"{name} is {value}: it must be at least 0 and below 1",
            )
        for name in ("weight_decay", "clip_norm", "r_drop"):
            value = getattr(self, name)
            require(
                0 <= value < math.inf, f"{name} is {value}: it must be a number that is at least 0"
            )
        require(
            not (self.ema and self.average_weights),
            "ema and average_weights exclude each other: each is a mean of the weights",
        )
        require(
            self.max_tokens is None or self.sampling == "natural",
            f"max_tokens needs sampling natural: with {self.sampling}, rows are drawn anew, and "
            "epochs would have different numbers of steps; give batch_size instead",
        )
        require(
            self.label is None or not learns_tasks(self),
            "label and tasks exclude each other: name every column in tasks",
        )
        for name in ("calibration", "optimise", "target_accuracy", "coverage"):
            require(
                not getattr(self, name) or not learns_tasks(self),
                f"{name} is for a single label column: leave it out with several tasks",
            )
        if self.optimise is not None:
            aim_of(self.optimise)
        require_shares(self.target_accuracy, self.coverage)
        require(
            self.task_weighting == "fixed" or learns_tasks(self),
            f"task_weighting {self.task_weighting} needs several tasks: name their columns",
        )
        for name in ("teacher_weight", "temperature"):
            require(
                self.teacher is not None or getattr(self, name) is None,
                f"{name} needs a teacher to learn from: give teacher, the folder of a trained run",
            )
        require(
            self.teacher_weight is None or 0 < self.teacher_weight <= 1,
            f"teacher_weight is {self.teacher_weight}: it must be above 0 and at most 1",
        )
        require(
            self.temperature is None or 0 < self.temperature < math.inf,
            f"temperature is {self.temperature}: it must be a number above 0",
        )
        require_trained_part(self)
        # The random state of a step is made of the seed and the step, 32 bits each.
        require(
            0 <= self.seed < 2**32, f"seed is {self.seed}: it must lie between 0 and {2**32 - 1}"
        )


def learns_tasks(options: TrainOptions) -> bool:
    """Whether the options ask for a model with several heads."""
    return options.multi_task or bool(options.tasks)


def require(condition: bool, message: str) -> None:
    """Raise `InputError` with the message unless the condition holds."""
    if not condition:
        raise InputError(message)


def option_choices(name: str) -> tuple[str, ...]:
    """The values an option may have; empty where any may be given."""
    (found,) = (f for f in fields(TrainOptions) if f.name == name)
    choices: tuple[str, ...] = found.metadata.get("choices", ())
    return choices


def require_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    """Raise `InputError`, with the nearest choice, unless the value is one of them or None."""
    if value is None or value in choices:
        return
    near = get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise InputError(f"{name} is {value!r}: choose one of {', '.join(choices)}{hint}")


def from_mapping(values: Mapping[str, Any], source: str | Path) -> TrainOptions:
    """`TrainOptions` from the keys of a YAML file; `source` is named in errors.

    What a run's config.yaml says beside the options is left out.
    """
    known = [f.name for f in fields(TrainOptions)]
    values = {key: value for key, value in values.items() if key != RECORDED}
    for key in values:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(f"{source}: unknown option {key!r}{hint}")
    return TrainOptions(**values)
