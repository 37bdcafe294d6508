"""A run as far as its first step, of which nothing is written: for finding its settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import mlx.core as mx
import mlx.nn as nn

from bertplay.compilation import COMPILATION_WARNING, compilation_available
from bertplay.device_memory import limit_cache
from bertplay.freed_memory import keep_freed_memory
from bertplay.options import TrainOptions, learns_tasks
from bertplay.training.dry_steps import step_memory
from bertplay.training.loop_settings import LoopSettings
from bertplay.training.objective import batch_loss, objective_of
from bertplay.training.preparation import prepare, resolve_loss, with_recipe
from bertplay.training.rows import TrainingRows
from bertplay.training.run import loop_settings
from bertplay.training.step import BatchLoss
from bertplay.training.step_memory import StepMemory
from bertplay.training.teacher import load_teacher, teacher_logits
from bertplay.training.view import SilentView
from bertplay.training_data import load_training_data


@dataclass(frozen=True, eq=False)
class TrialRun:
    """All that the steps of a run need.

    Attributes:
        task: its name.
        options: with the recipe's settings filled in.
        model: to train.
        rows: to learn from.
        batch_loss: what is minimised.
        settings: of the loop.
    """

    task: str
    options: TrainOptions
    model: nn.Module
    rows: TrainingRows
    batch_loss: BatchLoss
    settings: LoopSettings


def preflight(options: TrainOptions) -> StepMemory:
    """What the largest batch of a run takes, and whether this machine has it; see `step_memory`.

    Raises:
        InputError: the input or the options are wrong.
    """
    run = trial_run(options, SilentView())
    return step_memory(run.model, run.rows, run.batch_loss, run.settings)


def trial_run(options: TrainOptions, view: SilentView) -> TrialRun:
    """Read, load and tokenize what a run with these options does.

    Args:
        options: of the run; where it would be written does not count.
        view: is told of warnings, and how far a teacher has read.

    Raises:
        InputError: the input or the options are wrong.
    """
    keep_freed_memory()
    limit_cache()
    if not compilation_available():
        mx.disable_compile()
        view.warned(COMPILATION_WARNING)
    return _of_tasks(options) if learns_tasks(options) else _of_classes(options, view)


def _of_classes(options: TrainOptions, view: SilentView) -> TrialRun:
    data = load_training_data(options)
    options = with_recipe(options, data.task.name)
    loss = resolve_loss(options, data)
    teacher = None if options.teacher is None else load_teacher(options.teacher, data.classes)
    prepared = prepare(options, data, loss)
    train = prepared.train
    if teacher is not None:
        soft_targets = teacher_logits(teacher, data.train, on_rows=view.taught)
        train = replace(train, teacher_logits=soft_targets)
    model = prepared.classifier.model
    return TrialRun(
        data.task.name,
        options,
        model,
        train.training_rows(),
        batch_loss(model, objective_of(options)),
        loop_settings(options, prepared.encoded.pad_id),
    )


def _of_tasks(options: TrainOptions) -> TrialRun:
    # Loaded only here, as they are made of this package's parts.
    from bertplay.multi_task.data import load_multi_task_data
    from bertplay.multi_task.model import multi_task_batch_loss
    from bertplay.multi_task.preparation import all_task_options, prepare_tasks
    from bertplay.multi_task.training import refuse_contradictions

    refuse_contradictions(options)
    data = load_multi_task_data(options, all_task_options(options))
    options = with_recipe(options, data.task.name)
    prepared = prepare_tasks(options, data)
    model = prepared.classifier.model
    return TrialRun(
        data.task.name,
        options,
        model,
        prepared.training_rows(),
        multi_task_batch_loss(model),
        loop_settings(options, prepared.encoded.pad_id),
    )
