"""Training a classifier of a single label column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bertplay.alarms import alarms
from bertplay.heads import TextClassifier
from bertplay.metrics import Metrics, evaluate
from bertplay.prediction import BatchedPredictor, padded_lengths_for, softmax
from bertplay.training.encoded_texts import EncodedTexts
from bertplay.training.loop import (
    ADVICE,
    LoopHooks,
    LoopResult,
    LoopSettings,
    NonFiniteFigureError,
    run_epochs,
)
from bertplay.training.loss_schedule import reached
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.view import EpochRecord, Evaluated, SilentView


def fit(
    model: TextClassifier,
    train: EncodedTexts,
    validation: EncodedTexts,
    settings: LoopSettings,
    *,
    objective: Objective,
    metric: str,
    view: SilentView,
    on_epoch: Callable[[EpochRecord[Metrics]], None],
    on_interruption: Callable[[], str],
    last_good: Callable[[], str],
) -> LoopResult[Metrics]:
    """Train a classifier in place.

    Args:
        model: all its trainable parameters are trained.
        train: rows to learn from.
        validation: rows to evaluate each epoch on.
        settings: of the loop.
        objective: what is added to the head's loss.
        metric: the figure of `Metrics` on the validation rows that chooses the best epoch.
        view: is told what happens.
        on_epoch: is called after each epoch, while the model holds its weights.
        on_interruption: writes the weights; returns a sentence that says where.
        last_good: says what a failed run leaves to the user.

    Returns:
        The result, whose outputs are the validation rows' logits `[N, C]`.

    Raises:
        TrainingFailedError: a loss, a gradient or the logits of a validation row are not finite.
        TrainingInterruptedError: Ctrl-C was pressed; the weights were saved first.
    """
    texts, labels = validation.texts, validation.texts.labels
    assert labels is not None
    class_counts = dict(zip(train.texts.classes, train.texts.class_counts, strict=True))
    lengths = padded_lengths_for(validation.token_ids)
    predictor = BatchedPredictor(model, lengths, settings.batch_size, settings.pad_id)

    def evaluated(step: int) -> Evaluated[Metrics]:
        logits = predictor.logits(validation.token_ids)
        if not np.isfinite(logits).all():
            raise NonFiniteFigureError(
                f"logits of validation rows are not finite after step {step}; {ADVICE}"
            )
        metrics = evaluate(softmax(logits), labels, texts.classes)
        figure = getattr(metrics, metric)
        return Evaluated(
            metrics,
            logits,
            tuple(alarms(metrics, class_counts)),
            score=-figure if metric == "log_loss" else figure,
            schedule=reached(model.head),
        )

    hooks = LoopHooks(evaluated, on_epoch, on_interruption, last_good)
    return run_epochs(
        model, train.training_rows(), batch_loss(model, objective), settings, hooks, view=view
    )
