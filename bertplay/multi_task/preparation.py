"""From options to data, model and token ids of several tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay.adapters.folder import AdapterOrigin
from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed
from bertplay.heads import MultiTaskHead
from bertplay.losses import (
    ALL_LOSSES,
    ConfiguredLoss,
    balanced_weights,
    effective_weights,
    get_loss,
)
from bertplay.losses.registry import require_options
from bertplay.multi_task.classifier import (
    MultiTaskClassifier,
    heads_and_facts,
    save_multi_task,
    save_multi_task_adapter,
    task_head,
)
from bertplay.multi_task.data import MultiTaskData
from bertplay.multi_task.emotions import EMOTION_TASKS
from bertplay.multi_task.labels import Labels
from bertplay.multi_task.model import MultiTaskModel, task_weights_for
from bertplay.multi_task.task import Kind
from bertplay.multi_task.task_options import DEFAULT_LOSSES, METRICS, TaskOptions, task_options
from bertplay.options import TrainOptions
from bertplay.training.encoded_splits import EncodedSplits, encode_splits
from bertplay.training.preparation import head_options_of, with_default_alpha
from bertplay.training.rows import TrainingRows
from bertplay.training.trained_part import all_numbers, choose_trained_part, trainable_numbers


@dataclass(frozen=True, eq=False)
class PreparedTasks:
    """A model with several heads and all rows as it takes them.

    Attributes:
        classifier: the model to train.
        data: the tables.
        losses: task to its loss.
        encoded: the encoder and the token ids.
        adapter: what the encoder's adapter belongs to; None without one.
    """

    classifier: MultiTaskClassifier
    data: MultiTaskData
    losses: Mapping[str, ConfiguredLoss]
    encoded: EncodedSplits
    adapter: AdapterOrigin | None

    def training_rows(self) -> TrainingRows:
        """The training rows with all their labels as targets."""
        labels = self.data.train.labels
        targets = {
            "labels": {name: of_task.targets() for name, of_task in labels.items()},
            "known": {name: of_task.known.astype(np.float32) for name, of_task in labels.items()},
        }
        classes, _ = self.data.train.strata()
        return TrainingRows(self.data.train.ids, self.encoded.train, targets, classes)

    @property
    def parameters(self) -> tuple[int, int]:
        """How many numbers are trained, and how many the whole model has."""
        model, (heads, _) = self.classifier.model, heads_and_facts(self.classifier)
        whole = self.encoded.whole_tensors()
        return trainable_numbers(model), all_numbers(self.classifier.encoder, heads, whole)

    def save(self, folder: Path) -> None:
        """Write the model with the whole vocabulary; an adapter is merged."""
        save_multi_task(self.classifier, folder, self.encoded.whole_tensors())

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter and the heads alone; without an adapter, nothing."""
        if self.adapter is not None:
            save_multi_task_adapter(self.classifier, folder, self.adapter)

    def metric(self, task: str) -> str:
        """The figure that stands for a task's quality."""
        column = next(c for c in self.classifier.task.columns if c.name == task)
        return self.data.task_options[task].metric or METRICS[column.kind][0]


def all_task_options(options: TrainOptions) -> dict[str, TaskOptions]:
    """The options of each task, those of the built-in emotion table filled in.

    Raises:
        InputError: an option is wrong, a task is unknown, or no task counts; the task is named.
    """
    given: dict[str, Mapping[str, Any]] = dict(options.tasks)
    if options.multi_task:
        for name in given:
            if name not in EMOTION_TASKS:
                raise InputError(
                    f"there is no task {name!r} in the built-in emotion table, only "
                    f"{listed(list(EMOTION_TASKS))}{did_you_mean(name, list(EMOTION_TASKS))}"
                )
        given = {name: _over(recipe, given.get(name, {})) for name, recipe in EMOTION_TASKS.items()}
    tasks = {name: task_options(name, values) for name, values in given.items()}
    for name in tasks:
        if not name or "." in name or name.isdigit():
            raise InputError(
                f"task {name!r} cannot be the name of a head: rename the column, without '.' and "
                "not a number alone"
            )
    for key in ("weight", "score_weight"):
        if not any(getattr(asked, key) for asked in tasks.values()):
            raise InputError(f"{key} is 0 for every task: give at least one task more")
    return tasks


def prepare_tasks(options: TrainOptions, data: MultiTaskData) -> PreparedTasks:
    """Load or build the encoder, put new heads on it, and tokenize the texts.

    Args:
        options: with the recipe's settings filled in.
        data: the tables.

    Raises:
        InputError: the backbone cannot be loaded, a loss's option is wrong, `max_length` is more
            than the backbone can read, it has fewer layers than are to be frozen, or it cannot be
            quantized.
    """
    if options.loss_args and not any(
        _takes_loss_of_run(options, data.task_options[c.name], c.kind) for c in data.task.columns
    ):
        raise InputError(
            f"{listed(list(options.loss_args))} would be no task's, as none has the loss "
            f"{options.loss!r} by default: name the task, --loss-arg TASK.OPTION=VALUE"
        )
    losses = {
        c.name: _task_loss(options, data.task_options[c.name], data.train.labels[c.name])
        for c in data.task.columns
    }
    test = data.test.texts if data.test else ()
    encoded = encode_splits(options, data.task.name, data.train.texts, data.validation.texts, test)
    size = encoded.encoder.config.hidden_size
    head_options = head_options_of(options, encoded.encoder.config)
    mx.random.seed(options.seed)  # draws the first weights of the heads, then of an adapter
    head = MultiTaskHead(
        {c.name: task_head(size, c, losses[c.name], head_options) for c in data.task.columns}
    )
    adapter = choose_trained_part(encoded.encoder, options)
    weights = {name: asked.weight for name, asked in data.task_options.items()}
    classifier = MultiTaskClassifier(
        MultiTaskModel(
            encoded.encoder, head, task_weights_for(options.task_weighting, data.task, weights)
        ),
        encoded.tokenizer,
        data.task,
        head_options,
        encoded.max_length,
        options.task_weighting,
    )
    return PreparedTasks(classifier, data, losses, encoded, adapter)


def _over(recipe: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The user's options over the recipe's; another loss leaves the recipe's arguments out."""
    merged = {**recipe, **given}
    same_loss = merged.get("loss") == recipe.get("loss")
    of_recipe = recipe.get("loss_args", {}) if same_loss else {}
    return {**merged, "loss_args": {**of_recipe, **given.get("loss_args", {})}}


def _takes_loss_of_run(options: TrainOptions, asked: TaskOptions, kind: Kind) -> bool:
    """Whether a task has no loss of its own, and that of the run fits its kind."""
    fits = options.loss in ALL_LOSSES and ALL_LOSSES[options.loss].kind == kind
    return asked.loss is None and fits


def _task_loss(options: TrainOptions, asked: TaskOptions, labels: Labels) -> ConfiguredLoss:
    """The task's loss, with class weights from its own training labels."""
    kind, of_run = labels.column.kind, _takes_loss_of_run(options, asked, labels.column.kind)
    name = options.loss if of_run else asked.loss or DEFAULT_LOSSES[kind]
    arguments = {**(options.loss_args if of_run else {}), **asked.loss_args}
    counts = tuple(labels.class_counts.values())
    if kind == "single_label":
        arguments = with_default_alpha(name, arguments, counts, sampling=options.sampling)
    if arguments.get("pos_weight") == "balanced":
        arguments["pos_weight"] = _balanced_pos_weight(labels, asked.weight_cap)
    try:
        require_options(name, arguments)
        arguments = _with_counted_weights(name, arguments, counts, asked.weight_cap)
        if kind == "single_label":
            return get_loss(name, class_counts=counts, **arguments)
        return get_loss(name, num_classes=len(labels.column.classes) or None, **arguments)
    except ValueError as error:
        raise InputError(f"task {labels.column.name!r}: {error}") from None


def _with_counted_weights(
    loss: str, arguments: Mapping[str, Any], counts: Sequence[int], cap: float
) -> dict[str, Any]:
    """The arguments with class weights that are to be counted as numbers, none above the cap."""
    count = {
        "balanced": lambda: balanced_weights(counts, cap=cap),
        "effective": lambda: effective_weights(counts, cap=cap),
    }
    defaults = {option.name: option.default for option in ALL_LOSSES[loss].options}
    asked = {**defaults, **arguments}
    counted = {
        name: count[value]().tolist()
        for name, value in asked.items()
        if isinstance(value, str) and value in count
    }
    return {**arguments, **counted}


def _balanced_pos_weight(labels: Labels, cap: float) -> list[float]:
    """Rows without a class by rows with it, none above the cap."""
    rows = int(labels.known.sum())
    return [min((rows - count) / max(count, 1), cap) for count in labels.class_counts.values()]


def outputs_finite(outputs: Mapping[str, NDArray[np.float32]]) -> bool:
    """Whether every output of every task is a number."""
    return all(bool(np.isfinite(values).all()) for values in outputs.values())


def task_facts(prepared: PreparedTasks) -> dict[str, dict[str, Any]]:
    """Each task's kind, loss, weight and labels, as summary.json has them."""
    facts = {}
    for column in prepared.classifier.task.columns:
        asked = prepared.data.task_options[column.name]
        labels, loss = prepared.data.train.labels[column.name], prepared.losses[column.name]
        facts[column.name] = {
            "kind": column.kind,
            "loss": {"name": loss.name, "arguments": loss.options()},
            "weight": asked.weight,
            "metric": prepared.metric(column.name),
            "score_weight": asked.score_weight,
            "labelled_rows": int(labels.known.sum()),
            **({"class_counts": labels.class_counts} if column.classes else {}),
            **({"mean": column.mean, "scale": column.scale} if not column.classes else {}),
        }
    return facts


def as_task_config(tasks: Sequence[str], options: Mapping[str, TaskOptions]) -> dict[str, Any]:
    """The tasks' options as config.yaml has them, without what is None."""
    return {
        name: {key: value for key, value in asdict(options[name]).items() if value is not None}
        for name in tasks
    }
