"""`train`: from options to a run directory with a trained model and an honest picture of it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay import run_directory
from bertplay.backbones import MINI, SCRATCH
from bertplay.compilation import COMPILATION_WARNING, compilation_available
from bertplay.data.dataset import LabelledTexts
from bertplay.decisions.aim import aim_of
from bertplay.decisions.asked import asked_of
from bertplay.decisions.deciding import decide, decision_facts
from bertplay.decisions.labelled_logits import LabelledLogits, labelled
from bertplay.decisions.stored_logits import write_logits
from bertplay.device_memory import limit_cache
from bertplay.distributed.agreement import require_divisible, together
from bertplay.distributed.process_group import ProcessGroup, process_group
from bertplay.freed_memory import keep_freed_memory
from bertplay.freezing import freeze_stages
from bertplay.options import TrainOptions, learns_tasks
from bertplay.prediction import BatchedPredictor, Logits, padded_lengths_for, softmax
from bertplay.report import PredictedRows, write_report
from bertplay.tracking.libraries import require_libraries
from bertplay.tracking.tracked_view import tracked
from bertplay.training.dry_steps import step_memory
from bertplay.training.encoded_texts import EncodedTexts
from bertplay.training.epoch_checks import data_checks, epoch_checks
from bertplay.training.fit import fit
from bertplay.training.frozen_pass import FrozenPass
from bertplay.training.loop_settings import LoopSettings, schedule_of
from bertplay.training.objective import batch_loss, objective_of
from bertplay.training.preparation import Prepared, prepare, resolve_loss, with_recipe
from bertplay.training.recorded import recorded_facts
from bertplay.training.run_start import (
    NEW,
    Origin,
    compare_with_recorded,
    output_of,
    started_run,
    with_recorded,
)
from bertplay.training.step_memory import memory_warning
from bertplay.training.summary import batch_size_of, plan_of, summary_of
from bertplay.training.teacher import load_teacher, teacher_logits
from bertplay.training.view import SilentView
from bertplay.training_data import TrainingData, load_training_data


@together
def train(
    options: TrainOptions,
    view: SilentView | None = None,
    *,
    origin: Origin = NEW,
    table: TrainingData | None = None,
    shared_features: Path | None = None,
) -> dict[str, Any]:
    """Train a classifier, or a model with a head for each of several tasks, into a run directory.

    Args:
        options: what to train on, and how; with `tasks` or `multi_task` there are several tasks.
        view: is told what happens; by default nobody is.
        origin: what the run repeats or goes on with; `bertplay.resume` goes on with one.
        table: of a single label column, in place of the table that the options name; such a run
            cannot be resumed or repeated from its config.yaml, which names no table.
        shared_features: a folder that keeps what frozen layers make of texts, of a single label
            column, for other runs with the same encoder and texts; None keeps it for this run.

    Returns:
        The summary, as in summary.json.

    Raises:
        InputError: the input or the options are wrong; nothing was written.
        TrainingFailedError: a loss or gradient was not finite; the last good checkpoint stays.
        TrainingInterruptedError: Ctrl-C; the complete state was saved first.
        ProcessLostError: of several processes, another one has ended.
    """
    require_libraries(options.track)
    if learns_tasks(options):
        # Loaded only here, as it is made of this module's parts.
        from bertplay.multi_task.training import train_tasks

        return train_tasks(options, view, origin=origin)
    group = process_group()
    view = view if view is not None and group.first else SilentView()
    started = time.perf_counter()
    data = load_training_data(options) if table is None else table
    options = with_recipe(options, data.task.name)
    asked = asked_of(
        options.calibration,
        options.optimise,
        data.classes,
        labels_of(data.validation),
        target_accuracy=options.target_accuracy,
        coverage=options.coverage,
    )
    options = replace(options, calibration=asked.calibration)
    require_divisible(group, batch_size_of(options))
    loss = resolve_loss(options, data)
    teacher = None if options.teacher is None else load_teacher(options.teacher, data.classes)
    output = output_of(options, data.task.name, options.loss, origin, group)
    recorded = recorded_facts(data.sha256, data.validation.sha256, processes=group.size)
    compare_with_recorded(origin, recorded, view)
    keep_freed_memory()
    limit_cache()
    if not compilation_available():
        mx.disable_compile()
        view.warned(COMPILATION_WARNING)
    prepared = prepare(options, data, loss)
    if teacher is not None:
        soft_targets = teacher_logits(teacher, data.train, on_rows=view.taught)
        train_rows = replace(prepared.train, teacher_logits=soft_targets)
        prepared = replace(prepared, train=train_rows)
    options = replace(options, max_length=prepared.classifier.max_length, output=str(output))
    settings = loop_settings(options, prepared.encoded.pad_id)
    schedule_of(settings, total_steps=1)  # refuses what does not fit the peak rate
    model, rows = prepared.classifier.model, prepared.train.training_rows()
    memory = step_memory(model, rows, batch_loss(model, objective_of(options)), settings)

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
                prepared.train.token_ids,
                prepared.validation.token_ids,
                settings.pad_id,
                settings.freeze_stages,
                on_rows=view.cached,
                shared=shared_features,
            )
        plan = plan_of(options, data, prepared, memory, frozen_pass, output)
        view.planned(replace(plan, first_step=first_step))
        if warning := memory_warning(memory, options.max_tokens):
            view.warned(warning)
        before = data_checks(options, prepared)
        view.checked(before)
        result = fit(
            model,
            prepared.train,
            prepared.validation,
            settings,
            writer,
            objective=objective_of(options),
            metric=options.metric,
            view=view,
            checks=epoch_checks(options, prepared, before),
            frozen_pass=frozen_pass,
            resumed=resumed,
            group=group,
        )
        test_logits = None
        if prepared.test is not None:
            test_logits = _logits(prepared, prepared.test, options, group)
        logits = labelled_logits(data, result.outputs, test_logits)
        decisions = decide(logits["validation"], asked)
        seconds = time.perf_counter() - started
        summary = summary_of(
            options,
            data,
            prepared,
            result,
            test_logits,
            decision_facts(logits["validation"], asked, decisions, logits.get("test")),
            frozen_pass=frozen_pass,
            total_seconds=seconds,
            output=output,
        )
        if group.first:
            write_logits(output, logits)
            classifier = replace(prepared.classifier, decisions=decisions)
            prepared = replace(prepared, classifier=classifier)
            _write_results(output, prepared, result.outputs, test_logits, summary)
            if options.report:
                write_report(output, {"": _predicted(prepared.validation, result.outputs)})
    view.finished(summary)
    return summary


def _write_results(
    output: Path,
    prepared: Prepared,
    logits: Logits,
    test_logits: Logits | None,
    summary: dict[str, Any],
) -> None:
    """The model, the predictions, and last the summary, which says that a run is finished."""
    prepared.save(output / "model")
    prepared.save_adapter(output / "adapter")
    _write_predictions(output / run_directory.PREDICTIONS, prepared.validation, logits)
    if prepared.test is not None and test_logits is not None:
        _write_predictions(output / run_directory.TEST_PREDICTIONS, prepared.test, test_logits)
    run_directory.write_summary(output, summary)


def labels_of(texts: LabelledTexts) -> NDArray[np.int32]:
    """`[N]` the labels of rows that have some."""
    assert texts.labels is not None
    return texts.labels


def labelled_logits(
    data: TrainingData, logits: Logits, test_logits: Logits | None
) -> dict[str, LabelledLogits]:
    """What the model says of the validation rows, and of the test rows where there are some."""
    parts = {"validation": labelled(logits, labels_of(data.validation), data.classes)}
    if data.test is not None and test_logits is not None:
        parts["test"] = labelled(test_logits, labels_of(data.test), data.classes)
    return parts


def _predicted(rows: EncodedTexts, logits: Logits) -> PredictedRows:
    texts = rows.texts
    return PredictedRows(texts.ids, texts.texts, labels_of(texts), softmax(logits), texts.classes)


def _logits(
    prepared: Prepared, rows: EncodedTexts, options: TrainOptions, group: ProcessGroup
) -> Logits:
    lengths = padded_lengths_for(rows.token_ids)
    predictor = BatchedPredictor(
        prepared.classifier.model,
        lengths,
        options.batch_size,
        prepared.encoded.pad_id,
        group,
        max_tokens=options.max_tokens,
    )
    return predictor.logits(rows.token_ids)


def _write_predictions(path: Path, rows: EncodedTexts, logits: Logits) -> None:
    texts = rows.texts
    run_directory.write_predictions(path, texts.ids, texts.classes, softmax(logits), texts.labels)


def as_config(options: TrainOptions) -> dict[str, Any]:
    """The options as config.yaml has them: what `bertplay train --config` needs to run again."""
    values = asdict(options)
    # Leave to overwrite was given for this run, not for whoever runs the file again.
    del values["overwrite"]
    # A backbone may be a name, of a repo or of our own, but a folder is a folder from anywhere.
    paths = ["data", "validation", "teacher"]
    if options.backbone not in (MINI, SCRATCH):
        paths.append("backbone")
    for name in paths:
        if values[name] is not None and (path := Path(values[name]).expanduser()).exists():
            values[name] = str(path.resolve())
    if options.optimise is not None and (aim := aim_of(options.optimise)):
        values["optimise"] = aim.option
    return {name: value for name, value in values.items() if value is not None}


def loop_settings(options: TrainOptions, pad_id: int) -> LoopSettings:
    """The loop's part of the options, which the recipe has completed."""
    assert options.epochs is not None
    assert options.lr is not None
    assert options.average_weights is not None
    return LoopSettings(
        epochs=options.epochs,
        batch_size=options.batch_size,
        max_tokens=options.max_tokens,
        accumulate=options.accumulate,
        sampling=options.sampling,
        optimizer=options.optimizer,
        optimizer_args=options.optimizer_args,
        lr=options.lr,
        head_lr=options.head_lr,
        layer_decay=options.layer_decay,
        schedule=options.schedule,
        schedule_args=options.schedule_args,
        warmup=options.warmup,
        weight_decay=options.weight_decay,
        clip_norm=options.clip_norm,
        average_weights=options.average_weights,
        ema=options.ema,
        keep=options.keep,
        patience=options.patience,
        checkpoint_every=options.checkpoint_every,
        freeze_stages=freeze_stages(options.freeze, options.unfreeze),
        gradient_checkpointing=options.gradient_checkpointing,
        precision=options.precision,
        seed=options.seed,
        pad_id=pad_id,
    )
