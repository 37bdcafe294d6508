"""What can be said about one of several tasks: its kind, loss, weight and metric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed
from bertplay.losses import ALL_LOSSES
from bertplay.multi_task.task import KINDS, Kind

DEFAULT_LOSSES: Mapping[Kind, str] = {
    "single_label": "focal_smooth",
    "multi_label": "bce",
    "regression": "mse",
}

METRICS: Mapping[Kind, tuple[str, ...]] = {
    "single_label": ("macro_f1", "balanced_accuracy", "accuracy"),
    "multi_label": ("macro_f1", "micro_f1", "exact_match"),
    "regression": ("ccc", "r2", "pearson"),
}
"""The figures that may stand for a task's quality, the default first; 1 is perfect."""


@dataclass(frozen=True)
class TaskOptions:
    """The options of one task; None means that its column or its kind decides.

    Attributes:
        kind: "single_label", "multi_label" or "regression".
        loss: a name of `bertplay.losses.ALL_LOSSES` that fits the kind.
        loss_args: options of the loss.
        weight: what the task counts in the sum of the losses, at least 0.
        weight_cap: the largest class weight that is counted from the labels, greater than 0.
        metric: the figure that stands for the task's quality.
        score_weight: what that figure counts in the score that chooses the best epoch.
    """

    kind: Kind | None = None
    loss: str | None = None
    loss_args: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    weight_cap: float = 100.0
    metric: str | None = None
    score_weight: float = 1.0


def task_options(name: str, values: Mapping[str, Any]) -> TaskOptions:
    """The options of a task from the values that `TrainOptions.tasks` holds.

    Raises:
        InputError: an option is unknown or outside its range; the task is named.
    """
    known = [option.name for option in fields(TaskOptions)]
    for key in values:
        if key not in known:
            raise InputError(
                f"task {name!r} has no option {key!r}, only {listed(known)}"
                f"{did_you_mean(str(key), known)}"
            )
    options = TaskOptions(**values)
    _require_choice(name, "kind", options.kind, KINDS)
    for key in ("weight", "score_weight"):
        number = getattr(options, key)
        numeric = isinstance(number, int | float) and not isinstance(number, bool)
        if not numeric or not 0 <= number < math.inf:
            raise InputError(
                f"task {name!r}: {key} is {number!r}, it must be a number that is at least 0"
            )
    cap = options.weight_cap
    if not isinstance(cap, int | float) or isinstance(cap, bool) or not cap > 0:
        raise InputError(f"task {name!r}: weight_cap is {cap!r}, it must be a number above 0")
    _require_choice(name, "loss", options.loss, tuple(ALL_LOSSES))
    if options.metric is not None:
        every = tuple(dict.fromkeys(metric for known in METRICS.values() for metric in known))
        _require_choice(name, "metric", options.metric, every)
    return options


def task_kind(name: str, options: TaskOptions, guessed: Kind) -> Kind:
    """The kind that was asked for, or that of the loss, or what the column looks like.

    Raises:
        InputError: the loss or the metric is for another kind of task.
    """
    of_loss = None if options.loss is None else ALL_LOSSES[options.loss].kind
    kind = options.kind or of_loss or guessed
    if of_loss is not None and of_loss != kind:
        raise InputError(
            f"task {name!r} is {in_words(kind)}, and loss {options.loss!r} is for "
            f"{in_words(of_loss)}: choose from {listed(losses_for(kind))}"
        )
    if options.metric is not None and options.metric not in METRICS[kind]:
        raise InputError(
            f"task {name!r} is {in_words(kind)}, which has no metric {options.metric!r}: choose "
            f"from {listed(METRICS[kind])}"
        )
    return kind


def losses_for(kind: Kind) -> list[str]:
    """The names of the losses that fit a kind of task."""
    return [name for name, spec in ALL_LOSSES.items() if spec.kind == kind]


def in_words(kind: Kind) -> str:
    """A kind of task as messages name it."""
    return {
        "single_label": "a single-label task",
        "multi_label": "a multi-label task",
        "regression": "a regression",
    }[kind]


def _require_choice(task: str, key: str, value: object, choices: tuple[str, ...]) -> None:
    if value is None or value in choices:
        return
    raise InputError(
        f"task {task!r}: {key} is {value!r}, choose one of {listed(choices)}"
        f"{did_you_mean(str(value), choices)}"
    )
