"""The checks of a run with several tasks: those of each column, and of the training as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bertplay.checks.column import OF_CLASSES, Column, checks_before_training, column_checks
from bertplay.checks.course import course_checks, validation_gap
from bertplay.checks.double_correction import double_correction
from bertplay.checks.gradients import gradient_checks
from bertplay.checks.heads import dead_head, starving_task
from bertplay.checks.result import CheckResult, in_order, not_applicable
from bertplay.checks.texts import duplicate_texts
from bertplay.checks.thresholds import Thresholds, thresholds_of
from bertplay.metrics import Metrics
from bertplay.multi_task.classifier import probabilities
from bertplay.multi_task.labels import Labels
from bertplay.multi_task.metrics import MultiTaskMetrics, RegressionMetrics, TaskMetrics
from bertplay.multi_task.preparation import PreparedTasks
from bertplay.options import TrainOptions
from bertplay.training.epoch_checks import CHANGING_LOSS, course_of
from bertplay.training.view import EpochRecord

Outputs = Mapping[str, NDArray[np.float32]]
ChecksOfEpoch = Callable[
    [Sequence[EpochRecord[MultiTaskMetrics]], Outputs], tuple[CheckResult, ...]
]


def data_checks(options: TrainOptions, prepared: PreparedTasks) -> tuple[CheckResult, ...]:
    """BP101 to BP104, before anything is trained."""
    thresholds, data = thresholds_of(options.check_thresholds), prepared.data
    held_out = [*data.validation.texts, *(data.test.texts if data.test else ())]
    sampled = data.train.sampled_task()
    found = [duplicate_texts(data.train.texts, held_out, thresholds)]
    if sampled is None:
        found.append(not_applicable("BP101", "no task has one class a row"))
    else:
        found.append(double_correction(options.sampling, prepared.losses[sampled], sampled))
    for name, labels in data.train.labels.items():
        if labels.column.kind == "single_label":
            known = np.flatnonzero(labels.known)
            texts = [data.train.texts[row] for row in known]
            of_task = checks_before_training(
                texts, labels.numbers[known], labels.column.classes, thresholds
            )
        else:
            of_task = _not_for_kind(("BP103", "BP104"), labels)
        found += [result.of_task(name) for result in of_task]
    return in_order(found)


def epoch_checks(
    options: TrainOptions, prepared: PreparedTasks, before: tuple[CheckResult, ...]
) -> ChecksOfEpoch:
    """All checks, as the loop asks for them after each evaluation.

    Args:
        options: with the recipe's settings.
        prepared: the model and its rows.
        before: of `data_checks`, which every record has too.
    """
    thresholds, epochs = thresholds_of(options.check_thresholds), options.epochs
    assert epochs is not None
    changing = "the tasks' weights change" if options.task_weighting != "fixed" else ""

    def checks(
        history: Sequence[EpochRecord[MultiTaskMetrics]], outputs: Outputs
    ) -> tuple[CheckResult, ...]:
        last = history[-1]
        incomparable = changing or (CHANGING_LOSS if last.schedule else "")
        course = course_of(history, len(prepared.data.train), epochs, incomparable)
        found = [
            *before,
            *course_checks(course, thresholds),
            *gradient_checks(course.epochs, thresholds),
            starving_task(
                [record.train_figures for record in history], last.validation.weights, thresholds
            ),
        ]
        for name, metrics in last.validation.tasks.items():
            labels = prepared.data.validation.labels[name]
            known = np.flatnonzero(labels.known)
            predicted = probabilities(outputs[name][known], labels.column)
            of_task = [
                *_of_predictions(prepared, name, metrics, predicted, course.progress, thresholds),
                validation_gap(
                    [_loss(record.validation.tasks[name]) for record in history],
                    [record.train_figures[name] for record in history],
                    len(known),
                    thresholds,
                    "its figures have no loss" if labels.column.kind == "multi_label" else "",
                ),
            ]
            found += [result.of_task(name) for result in of_task]
        return in_order(found)

    return checks


def _of_predictions(
    prepared: PreparedTasks,
    name: str,
    metrics: TaskMetrics,
    predicted: NDArray[np.float64],
    progress: float,
    thresholds: Thresholds,
) -> tuple[CheckResult, ...]:
    """What one task's predictions of its labelled validation rows say."""
    labels = prepared.data.validation.labels[name]
    known = np.flatnonzero(labels.known)
    if isinstance(metrics, Metrics):
        column = Column(
            labels.column.classes,
            prepared.data.train.labels[name].class_counts,
            labels.numbers[known],
            [prepared.data.validation.ids[row] for row in known],
            prepared.losses[name].options(),
        )
        return column_checks(column, metrics, predicted, progress, thresholds)
    numbers = labels.column.kind == "regression"
    spread = float(labels.numbers[known].std()) if numbers else 1.0
    return (*_not_for_kind(OF_CLASSES, labels), dead_head(predicted, spread, thresholds))


def _not_for_kind(codes: Sequence[str], labels: Labels) -> tuple[CheckResult, ...]:
    kind = {"regression": "numbers", "multi_label": "any number of classes a row"}
    reason = f"it is for one class a row, and the column holds {kind[labels.column.kind]}"
    return tuple(not_applicable(code, reason) for code in codes)


def _loss(metrics: TaskMetrics) -> float:
    """What a task's model pays on the validation rows; 0 for several classes a row."""
    if isinstance(metrics, Metrics):
        return metrics.log_loss
    return metrics.rmse if isinstance(metrics, RegressionMetrics) else 0.0
