"""The checks of a run with a single label column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bertplay.checks.column import Column, checks_before_training, column_checks
from bertplay.checks.course import Course, course_checks, validation_gap
from bertplay.checks.double_correction import double_correction
from bertplay.checks.gradients import gradient_checks
from bertplay.checks.heads import starving_task
from bertplay.checks.result import CheckResult, in_order
from bertplay.checks.texts import duplicate_texts
from bertplay.checks.thresholds import thresholds_of
from bertplay.metrics import Metrics
from bertplay.options import TrainOptions
from bertplay.prediction import Logits, softmax
from bertplay.training.preparation import Prepared
from bertplay.training.view import EpochRecord

ChecksOfEpoch = Callable[[Sequence[EpochRecord[Metrics]], Logits], tuple[CheckResult, ...]]

CHANGING_LOSS = "the loss itself changes while it trains"


def data_checks(options: TrainOptions, prepared: Prepared) -> tuple[CheckResult, ...]:
    """BP101 to BP104, before anything is trained."""
    thresholds = thresholds_of(options.check_thresholds)
    train, held_out = prepared.train.texts, list(prepared.validation.texts.texts)
    if prepared.test is not None:
        held_out += prepared.test.texts.texts
    assert train.labels is not None
    return (
        double_correction(options.sampling, prepared.loss),
        duplicate_texts(train.texts, held_out, thresholds),
        *checks_before_training(train.texts, train.labels, train.classes, thresholds),
    )


def epoch_checks(
    options: TrainOptions, prepared: Prepared, before: tuple[CheckResult, ...]
) -> ChecksOfEpoch:
    """All checks, as the loop asks for them after each evaluation.

    Args:
        options: with the recipe's settings.
        prepared: the model and its texts.
        before: of `data_checks`, which every record has too.
    """
    thresholds, epochs = thresholds_of(options.check_thresholds), options.epochs
    assert epochs is not None
    texts = prepared.validation.texts
    assert texts.labels is not None
    counts = zip(prepared.train.texts.classes, prepared.train.texts.class_counts, strict=True)
    column = Column(texts.classes, dict(counts), texts.labels, texts.ids, prepared.loss.options())

    def checks(history: Sequence[EpochRecord[Metrics]], logits: Logits) -> tuple[CheckResult, ...]:
        last = history[-1]
        incomparable = CHANGING_LOSS if last.schedule else ""
        course = course_of(history, len(prepared.train), epochs, incomparable)
        return in_order(
            (
                *before,
                *column_checks(
                    column, last.validation, softmax(logits), course.progress, thresholds
                ),
                *course_checks(course, thresholds),
                validation_gap(
                    [record.validation.log_loss for record in history],
                    [record.train_loss for record in history],
                    len(texts),
                    thresholds,
                    incomparable,
                ),
                *gradient_checks(course.epochs, thresholds),
                starving_task([], {}, thresholds),
            )
        )

    return checks


def course_of(
    history: Sequence[EpochRecord[Any]], train_rows: int, epochs: int, incomparable: str
) -> Course:
    """How training went, of the records of its epochs.

    Args:
        history: of all epochs so far.
        train_rows: of an epoch.
        epochs: at most so many.
        incomparable: why losses cannot be compared; empty where they can.
    """
    last = history[-1]
    return Course(
        [record.stretches for record in history],
        train_rows * last.epoch / last.step,
        last.epoch / epochs,
        incomparable,
    )
