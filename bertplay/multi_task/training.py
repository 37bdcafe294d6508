"""`train_tasks`: from options to a run directory with a model of several heads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay import run_directory
from bertplay.checks.result import CheckResult
from bertplay.compilation import COMPILATION_WARNING, compilation_available
from bertplay.data.errors import InputError
from bertplay.data.token_rows import TokenIds
from bertplay.device_memory import limit_cache
from bertplay.distributed.agreement import require_divisible
from bertplay.distributed.process_group import ProcessGroup, process_group
from bertplay.freed_memory import keep_freed_memory
from bertplay.losses import FixedTaskWeights, validation_weights
from bertplay.losses.validation_weights import STRATEGIES
from bertplay.metrics import Metrics
from bertplay.multi_task.checks import data_checks, epoch_checks
from bertplay.multi_task.classifier import probabilities
from bertplay.multi_task.data import MultiLabelledTexts, load_multi_task_data
from bertplay.multi_task.evaluation import metrics_of_outputs
from bertplay.multi_task.metrics import (
    MultiLabelMetrics,
    MultiTaskMetrics,
    RegressionMetrics,
    TaskMetrics,
    restored_metrics,
)
from bertplay.multi_task.model import multi_task_batch_loss
from bertplay.multi_task.predictions import write_task_predictions
from bertplay.multi_task.preparation import (
    PreparedTasks,
    all_task_options,
    as_task_config,
    outputs_finite,
    prepare_tasks,
)
from bertplay.multi_task.summary import tasks_plan, tasks_summary
from bertplay.options import TrainOptions
from bertplay.prediction import BatchedPredictor, padded_lengths_for
from bertplay.report import rows_of_tasks, write_report
from bertplay.tracking.tracked_view import tracked
from bertplay.training.dry_steps import step_memory
from bertplay.training.frozen_part import outputs_above
from bertplay.training.frozen_pass import FrozenPass, FrozenRows
from bertplay.training.loop import ADVICE, LoopHooks, NonFiniteFigureError, run_epochs
from bertplay.training.loop_settings import schedule_of
from bertplay.training.loss_schedule import reached
from bertplay.training.preparation import with_recipe
from bertplay.training.recorded import recorded_facts
from bertplay.training.rows import TrainingRows
from bertplay.training.run import as_config, loop_settings
from bertplay.training.run_start import (
    NEW,
    Origin,
    compare_with_recorded,
    output_of,
    started_run,
    with_recorded,
)
from bertplay.training.step import BatchLoss
from bertplay.training.step_memory import memory_warning
from bertplay.training.summary import batch_size_of
from bertplay.training.view import EpochRecord, Evaluated, SilentView

Outputs = dict[str, NDArray[np.float32]]


def train_tasks(
    options: TrainOptions, view: SilentView | None = None, *, origin: Origin = NEW
) -> dict[str, Any]:
    """Train a model with a head for each label column, and write its run directory.

    Args:
        options: what to train on, and how; `tasks` or `multi_task` says what is learned.
        view: is told what happens; by default nobody is.
        origin: what the run repeats or goes on with.

    Returns:
        The summary, as in summary.json.

    Raises:
        InputError: the input or the options are wrong; nothing was written.
        TrainingFailedError: a loss or gradient was not finite; the last good checkpoint stays.
        TrainingInterruptedError: Ctrl-C; the complete state was saved first.
        ProcessLostError: of several processes, another one has ended.
    """
    group = process_group()
    view = view if view is not None and group.first else SilentView()
    started = time.perf_counter()
    refuse_contradictions(options)
    asked = all_task_options(options)
    data = load_multi_task_data(options, asked)
    options = with_recipe(options, data.task.name)
    require_divisible(group, batch_size_of(options))
    output = output_of(options, data.task.name, "tasks", origin, group)
    recorded = recorded_facts(data.train.sha256, data.validation.sha256, processes=group.size)
    compare_with_recorded(origin, recorded, view)
    keep_freed_memory()
    limit_cache()
    if not compilation_available():
        mx.disable_compile()
        view.warned(COMPILATION_WARNING)
    prepared = prepare_tasks(options, data)
    config = as_task_config(list(asked), asked)
    options = replace(
        options, max_length=prepared.classifier.max_length, output=str(output), tasks=config
    )

    model = prepared.classifier.model
    rows, loss = prepared.training_rows(), multi_task_batch_loss(model)
    settings = loop_settings(options, prepared.encoded.pad_id)
    schedule_of(settings, total_steps=1)  # refuses what does not fit the peak rate
    memory = step_memory(model, rows, loss, settings)

    # Everything that can be refused has been: from here on files are written.
    config = with_recorded(as_config(options), recorded)
    with ExitStack() as held:
        writer, resumed = held.enter_context(
            started_run(output, options, config, prepared.save, origin, view, group)
        )
        first_step = 0 if resumed is None else resumed.step
        if group.first:
            view = held.enter_context(tracked(view, options.track, output, config, first_step))
        frozen_pass = None
        if options.cache_frozen:
            frozen_pass = FrozenPass(
                model,
                prepared.encoded.train,
                prepared.encoded.validation,
                settings.pad_id,
                settings.freeze_stages,
                # Weights by gradients are those of the gradients at each token's state.
                pooled=options.task_weighting != "gradients",
                on_rows=view.cached,
            )
        plan = tasks_plan(options, prepared, memory, frozen_pass, output)
        view.planned(replace(plan, first_step=first_step))
        if warning := memory_warning(memory, options.max_tokens):
            view.warned(warning)
        before = data_checks(options, prepared)
        view.checked(before)
        result = run_epochs(
            model,
            rows,
            loss,
            settings,
            _hooks(prepared, options, rows, before, frozen_pass, group),
            writer,
            view=view,
            resumed=resumed,
            group=group,
        )
        outputs: Outputs | None = None
        test: MultiTaskMetrics | None = None
        if data.test is not None:
            outputs = _predicted(prepared, prepared.encoded.test, options, group)
            test = _all_figures(prepared, data.test, outputs)
        seconds = time.perf_counter() - started
        summary = tasks_summary(
            options,
            prepared,
            result,
            test,
            frozen_pass=frozen_pass,
            total_seconds=seconds,
            output=output,
        )
        if group.first:
            _write_results(output, prepared, result.outputs, outputs, summary)
            if options.report:
                _write_report(output, data.validation, result.outputs)
    view.finished(summary)
    return summary


def refuse_contradictions(options: TrainOptions) -> None:
    """Raise `InputError` where options of several tasks exclude each other."""
    if options.multi_task and (options.task != "emotion" or options.data is not None):
        raise InputError(
            "--multi-task learns all columns of the built-in emotion table: give --task emotion "
            "without --data, or name the columns of your own table with --label"
        )
    if not options.multi_task:
        if options.data is None:
            raise InputError("several labels need the table to train on: give --data")
        if options.task is not None:
            raise InputError(
                f"--task {options.task} knows its column, and several labels contradict it: leave "
                "out --task"
            )
    if options.validation is not None and options.group is not None:
        raise InputError(
            "--group decides how --data is split, but with --validation nothing is split: "
            "leave out one of them"
        )
    for name, given in (("--teacher", options.teacher), ("--r-drop", options.r_drop)):
        if given:
            raise InputError(f"{name} is for a single label column: leave it out with several")


def _write_results(
    output: Path,
    prepared: PreparedTasks,
    outputs: Outputs,
    test_outputs: Outputs | None,
    summary: dict[str, Any],
) -> None:
    """The model, the predictions, and last the summary, which says that a run is finished."""
    data = prepared.data
    prepared.save(output / "model")
    prepared.save_adapter(output / "adapter")
    write_task_predictions(output / run_directory.PREDICTIONS, data.validation, outputs)
    if data.test is not None and test_outputs is not None:
        write_task_predictions(output / run_directory.TEST_PREDICTIONS, data.test, test_outputs)
    run_directory.write_summary(output, summary)


def _write_report(output: Path, rows: MultiLabelledTexts, outputs: Outputs) -> None:
    shares = {
        name: probabilities(outputs[name], labels.column) for name, labels in rows.labels.items()
    }
    write_report(output, rows_of_tasks(rows.ids, rows.texts, rows.labels, shares))


def _hooks(
    prepared: PreparedTasks,
    options: TrainOptions,
    rows: TrainingRows,
    before: tuple[CheckResult, ...],
    frozen_pass: FrozenPass | None,
    group: ProcessGroup,
) -> LoopHooks[MultiTaskMetrics]:
    """Who the loop asks: what steps read, the figures after each epoch, the weights of the next."""
    held_out, token_ids = prepared.data.validation, prepared.encoded.validation
    model = prepared.classifier.model
    frozen = FrozenRows()
    predictor = _predictor(prepared, token_ids, options, group)

    def inputs(epoch: int) -> tuple[TrainingRows, BatchLoss]:
        nonlocal frozen, predictor
        frozen = FrozenRows()  # what was kept is forgotten before there is more
        if frozen_pass is not None:
            frozen = frozen_pass.run(epoch)
        predictor = _predictor(
            prepared, token_ids, options, group, forward=outputs_above(model, frozen.part)
        )
        return replace(rows, features=frozen.train), multi_task_batch_loss(model, frozen.part)

    def evaluated(step: int) -> Evaluated[MultiTaskMetrics]:
        outputs: Outputs = predictor.outputs(token_ids, features=frozen.validation)
        if not outputs_finite(outputs):
            raise NonFiniteFigureError(
                f"outputs of validation rows are not finite after step {step}; {ADVICE}"
            )
        figures = _all_figures(prepared, held_out, outputs)
        schedule = {
            f"{name} {key}": value
            for name, head in model.head.heads.items()
            for key, value in reached(head).items()
        }
        return Evaluated(figures, outputs, figures.score, schedule)

    updates = _TaskWeightUpdates(prepared, options.task_weighting)
    checks = epoch_checks(options, prepared, before)
    return LoopHooks(evaluated, restored_metrics, inputs, checks, updates.after_epoch)


def _predicted(
    prepared: PreparedTasks, token_ids: TokenIds, options: TrainOptions, group: ProcessGroup
) -> Outputs:
    outputs: Outputs = _predictor(prepared, token_ids, options, group).outputs(token_ids)
    return outputs


def _predictor(
    prepared: PreparedTasks,
    token_ids: TokenIds,
    options: TrainOptions,
    group: ProcessGroup,
    forward: Callable[[mx.array, mx.array], Any] | None = None,
) -> BatchedPredictor:
    return BatchedPredictor(
        prepared.classifier.model,
        padded_lengths_for(token_ids),
        options.batch_size,
        prepared.encoded.pad_id,
        group,
        forward=forward,
        max_tokens=options.max_tokens,
    )


def _all_figures(
    prepared: PreparedTasks, rows: MultiLabelledTexts, outputs: Outputs
) -> MultiTaskMetrics:
    """Each task's figures on the rows that have a label of it, and the score."""
    predicted = {
        name: probabilities(outputs[name], labels.column) for name, labels in rows.labels.items()
    }
    tasks = metrics_of_outputs(predicted, rows)
    shares = {name: prepared.data.task_options[name].score_weight for name in tasks}
    quality = {name: getattr(tasks[name], prepared.metric(name)) for name in tasks}
    total = sum(shares.values())
    score = sum(shares[name] * quality[name] for name in tasks) / total if total else 0.0
    return MultiTaskMetrics(score, tasks, prepared.classifier.model.task_weights.weights())


class _TaskWeightUpdates:
    """Sets the tasks' weights between epochs by what validation shows."""

    def __init__(self, prepared: PreparedTasks, weighting: str) -> None:
        self._prepared, self._weighting = prepared, weighting

    def after_epoch(self, history: Sequence[EpochRecord[MultiTaskMetrics]]) -> None:
        """Set the weights for the next epoch: what the user gave times what validation says."""
        if self._weighting not in STRATEGIES:
            return
        tasks = history[-1].validation.tasks
        losses = {name: [record.train_figures[name] for record in history] for name in tasks}
        columns = {column.name: column for column in self._prepared.classifier.task.columns}
        adaptive = validation_weights(
            self._weighting,
            accuracies={name: _accuracy(metrics) for name, metrics in tasks.items()},
            f1_scores={name: _f1(metrics) for name, metrics in tasks.items()},
            num_classes={name: max(len(columns[name].classes), 2) for name in tasks},
            losses=losses,
        )
        weights = self._prepared.classifier.model.task_weights
        assert isinstance(weights, FixedTaskWeights)
        given = self._prepared.data.task_options
        weights.set_weights({name: given[name].weight * adaptive[name] for name in tasks})


def _accuracy(metrics: TaskMetrics) -> float:
    """Accuracy, the share of rows that are right as a whole, or concordance."""
    if isinstance(metrics, Metrics):
        return metrics.accuracy
    return metrics.exact_match if isinstance(metrics, MultiLabelMetrics) else metrics.ccc


def _f1(metrics: TaskMetrics) -> float:
    """Macro-F1, or concordance."""
    return metrics.ccc if isinstance(metrics, RegressionMetrics) else metrics.macro_f1
