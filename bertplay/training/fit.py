"""Training a classifier of a single label column."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bertplay.distributed.process_group import ALONE, ProcessGroup
from bertplay.heads import TextClassifier
from bertplay.metrics import Metrics, evaluate
from bertplay.prediction import BatchedPredictor, padded_lengths_for, softmax
from bertplay.training.encoded_texts import EncodedTexts
from bertplay.training.epoch_checks import ChecksOfEpoch
from bertplay.training.frozen_part import outputs_above
from bertplay.training.frozen_pass import FrozenPass, FrozenRows
from bertplay.training.loop import (
    ADVICE,
    LoopHooks,
    LoopResult,
    NonFiniteFigureError,
    RunWriter,
    run_epochs,
)
from bertplay.training.loop_settings import LoopSettings
from bertplay.training.loop_state import LoopState
from bertplay.training.loss_schedule import reached
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.rows import TrainingRows
from bertplay.training.step import BatchLoss
from bertplay.training.view import Evaluated, SilentView


def fit(
    model: TextClassifier,
    train: EncodedTexts,
    validation: EncodedTexts,
    settings: LoopSettings,
    writer: RunWriter,
    *,
    objective: Objective,
    metric: str,
    view: SilentView,
    checks: ChecksOfEpoch = lambda history, logits: (),
    frozen_pass: FrozenPass | None = None,
    resumed: LoopState | None = None,
    group: ProcessGroup = ALONE,
) -> LoopResult[Metrics]:
    """Train a classifier in place.

    Args:
        model: all its trainable parameters are trained.
        train: rows to learn from.
        validation: rows to evaluate each epoch on.
        settings: of the loop.
        writer: writes down what must outlive the process.
        objective: what is added to the head's loss.
        metric: the figure of `Metrics` on the validation rows that chooses the best epoch.
        view: is told what happens.
        checks: what the checks say after each evaluation.
        frozen_pass: runs what is frozen once over both; None runs the whole model in every step.
        resumed: the state to go on from.
        group: the processes that train together, each of which runs this.

    Returns:
        The result, whose outputs are the validation rows' logits `[N, C]`.

    Raises:
        TrainingFailedError: a loss, a gradient or the logits of a validation row are not finite.
        TrainingInterruptedError: Ctrl-C was pressed; the complete state was saved first.
    """
    texts, labels = validation.texts, validation.texts.labels
    assert labels is not None
    padding = padded_lengths_for(validation.token_ids), settings.batch_size, settings.pad_id
    rows = train.training_rows()

    def predictor_of(frozen: FrozenRows) -> BatchedPredictor:
        return BatchedPredictor(
            model,
            *padding,
            group,
            forward=outputs_above(model, frozen.part),
            max_tokens=settings.max_tokens,
        )

    frozen = FrozenRows()
    predictor = predictor_of(frozen)

    def inputs(epoch: int) -> tuple[TrainingRows, BatchLoss]:
        nonlocal frozen, predictor
        frozen = FrozenRows()  # what was kept is forgotten before there is more
        if frozen_pass is not None:
            frozen = frozen_pass.run(epoch)
        predictor = predictor_of(frozen)
        return replace(rows, features=frozen.train), batch_loss(model, objective, frozen.part)

    def evaluated(step: int) -> Evaluated[Metrics]:
        logits = predictor.logits(validation.token_ids, features=frozen.validation)
        if not np.isfinite(logits).all():
            raise NonFiniteFigureError(
                f"logits of validation rows are not finite after step {step}; {ADVICE}"
            )
        metrics = evaluate(softmax(logits), labels, texts.classes)
        figure = getattr(metrics, metric)
        return Evaluated(
            metrics,
            logits,
            score=-figure if metric == "log_loss" else figure,
            schedule=reached(model.head),
        )

    return run_epochs(
        model,
        rows,
        batch_loss(model, objective),
        settings,
        LoopHooks(evaluated, lambda stored: Metrics(**stored), inputs, checks),
        writer,
        view=view,
        resumed=resumed,
        group=group,
    )
