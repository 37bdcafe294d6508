"""The training loop: epochs of compiled steps, each epoch evaluated, the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map

from bertplay.alarms import alarms
from bertplay.data.batches import Batch, pad_batch
from bertplay.heads import TextClassifier
from bertplay.losses.schedule import ScheduledLoss
from bertplay.metrics import Metrics, evaluate
from bertplay.prediction import BatchedPredictor, Logits, padded_lengths_for, softmax
from bertplay.training.average import WeightAverage
from bertplay.training.encoded_texts import EncodedTexts
from bertplay.training.epoch_batches import epoch_batches
from bertplay.training.failures import TrainingFailedError, TrainingInterruptedError
from bertplay.training.interruption import Interruption, interruption
from bertplay.training.objective import Objective
from bertplay.training.optimizer import adamw
from bertplay.training.schedule import warmup_then_decay
from bertplay.training.step import StepResult, TraceGuard, compiled_step
from bertplay.training.view import EpochRecord, SilentView

LOGGING_INTERVAL = 10  # steps between two looks at the device's figures

_ADVICE = "a lower --lr often helps"


@dataclass(frozen=True)
class FitSettings:
    """The settings of the loop; see `bertplay.options.TrainOptions` for their meaning."""

    epochs: int
    batch_size: int
    sampling: str
    lr: float
    schedule: str
    warmup: float
    weight_decay: float
    clip_norm: float
    objective: Objective
    average_weights: float
    metric: str
    keep: str
    patience: int | None
    seed: int
    pad_id: int


@dataclass(frozen=True)
class FitResult:
    """What training leaves behind; the model holds the weights of `chosen`.

    Attributes:
        history: one record an epoch.
        chosen: the epoch whose weights were kept.
        logits: `[N, C]` of the validation rows at that epoch.
        compiled_shapes: how often the step was traced.
        train_seconds: steps and their preparation, without evaluation.
    """

    history: list[EpochRecord]
    chosen: EpochRecord
    logits: Logits
    compiled_shapes: int
    train_seconds: float


def fit(
    model: TextClassifier,
    train: EncodedTexts,
    validation: EncodedTexts,
    settings: FitSettings,
    *,
    view: SilentView,
    on_epoch: Callable[[EpochRecord], None],
    on_interruption: Callable[[], str],
    last_good: Callable[[], str],
) -> FitResult:
    """Train a classifier in place.

    Args:
        model: all its trainable parameters are trained.
        train: rows to learn from.
        validation: rows to evaluate each epoch on; `settings.metric` on them chooses the best.
        settings: of the loop.
        view: is told what happens.
        on_epoch: is called after each epoch, while the model holds its weights.
        on_interruption: writes the weights; returns a sentence that says where.
        last_good: says what a failed run leaves to the user.

    Raises:
        TrainingFailedError: a loss, a gradient or the logits of a validation row are not finite.
        TrainingInterruptedError: Ctrl-C was pressed; the weights were saved first.
    """
    history: list[EpochRecord] = []
    best: EpochRecord | None = None
    chosen: tuple[EpochRecord, Logits, Any] | None = None
    with interruption() as asked:
        loop = _Loop(model, train, validation, settings, view)

        def stop_if(requested: bool) -> None:
            if requested:
                raise TrainingInterruptedError(
                    f"stopped at step {loop.step} of {loop.total_steps}; {on_interruption()}"
                )

        for epoch in range(1, settings.epochs + 1):
            started = time.perf_counter()
            try:
                loss, norm = loop.train_epoch(epoch, asked)
                stop_if(asked.requested)
                with loop.average.in_model():
                    metrics, logits = loop.evaluate()
                    record = EpochRecord(
                        epoch=epoch,
                        step=loop.step,
                        train_loss=loss,
                        learning_rate=loop.last_learning_rate(),
                        gradient_norm=norm,
                        validation=metrics,
                        alarms=tuple(alarms(metrics, loop.class_counts)),
                        is_best=best is None or _better(metrics, best.validation, settings.metric),
                        seconds=time.perf_counter() - started,
                        schedule=_schedule(model),
                    )
                    history.append(record)
                    if record.is_best:
                        best = record
                    if record.is_best or settings.keep == "last":
                        # Arrays never change in place, so references keep the weights.
                        chosen = (record, logits, tree_map(lambda leaf: leaf, model.parameters()))
                    on_epoch(record)
            except NonFiniteFigureError as error:
                raise TrainingFailedError(f"{error}; {last_good()}") from None
            view.evaluated(record)
            stop_if(asked.requested)
            assert best is not None
            if settings.patience is not None and epoch - best.epoch >= settings.patience:
                break
    assert chosen is not None
    model.update(chosen[2])
    return FitResult(history, chosen[0], chosen[1], loop.guard.traces, loop.train_seconds)


class NonFiniteFigureError(ArithmeticError):
    """A loss, a gradient or a logit is infinite or not a number."""


class _Loop:
    """The state of one run: compiled step, optimizer, position."""

    def __init__(
        self,
        model: TextClassifier,
        train: EncodedTexts,
        validation: EncodedTexts,
        settings: FitSettings,
        view: SilentView,
    ) -> None:
        assert train.texts.labels is not None
        self._model, self._train, self._validation = model, train, validation
        self._settings, self._view = settings, view
        self._labels, self._classes = train.texts.labels, len(train.texts.classes)
        self._padded_lengths = padded_lengths_for(train.token_ids)
        self.steps_per_epoch = math.ceil(len(train) / settings.batch_size)
        self.total_steps = self.steps_per_epoch * settings.epochs
        self.class_counts = dict(zip(train.texts.classes, train.texts.class_counts, strict=True))
        self.step = 0
        self.train_seconds = 0.0
        self._rate = warmup_then_decay(
            settings.lr, self.total_steps, warmup=settings.warmup, decay=settings.schedule
        )
        optimizer = adamw(self._rate, weight_decay=settings.weight_decay)
        # Before compiling: state that appears in the first step would be traced a second time.
        optimizer.init(model.trainable_parameters())
        self.guard = TraceGuard(planned=len(self._padded_lengths))
        model.train()
        self._run, self._state = compiled_step(
            model,
            optimizer,
            clip_norm=settings.clip_norm,
            objective=settings.objective,
            guard=self.guard,
        )
        self.average = WeightAverage(model, self.total_steps, settings.average_weights)
        self._predictor = BatchedPredictor(
            model,
            padded_lengths_for(validation.token_ids),
            settings.batch_size,
            settings.pad_id,
        )

    def last_learning_rate(self) -> float:
        return _number(self._rate(mx.array(max(self.step - 1, 0))))

    def train_epoch(self, epoch: int, asked: Interruption) -> tuple[float, float]:
        """Mean loss over the rows and mean gradient norm over the steps of one epoch."""
        started = time.perf_counter()
        batches = self._batches(epoch)
        total_loss = total_norm = 0.0
        waiting: list[tuple[int, Batch, StepResult]] = []
        for batch in batches:
            result = self._one_step(batch)
            waiting.append((self.step, batch, result))
            # Asked once, as Ctrl-C may come between two looks, and no step may go unchecked.
            stopping = asked.requested
            if len(waiting) == LOGGING_INTERVAL or batch is batches[-1] or stopping:
                for step, seen, figures in waiting:
                    loss, norm = _number(figures.loss), _number(figures.gradient_norm)
                    self._require_finite(loss, norm, step, seen)
                    total_loss += loss * len(seen.rows)
                    total_norm += norm
                waiting.clear()
                self._view.stepped(epoch, self.step, loss, self.last_learning_rate())
            if stopping:
                break
        self.train_seconds += time.perf_counter() - started
        return total_loss / len(self._train), total_norm / len(batches)

    def evaluate(self) -> tuple[Metrics, Logits]:
        texts = self._validation.texts
        assert texts.labels is not None
        logits = self._predictor.logits(self._validation.token_ids)
        if not np.isfinite(logits).all():
            raise NonFiniteFigureError(
                f"logits of validation rows are not finite after step {self.step}; {_ADVICE}"
            )
        return evaluate(softmax(logits), texts.labels, texts.classes), logits

    def _batches(self, epoch: int) -> list[Batch]:
        return epoch_batches(
            self._train,
            self._padded_lengths,
            self._settings.batch_size,
            sampling=self._settings.sampling,
            seed=self._settings.seed,
            epoch=epoch,
        )

    def _one_step(self, batch: Batch) -> StepResult:
        ids, mask, row_weights = pad_batch(
            self._train.token_ids, batch, self._settings.batch_size, self._settings.pad_id
        )
        labels = np.zeros(self._settings.batch_size, dtype=np.int32)
        labels[: len(batch.rows)] = self._labels[batch.rows]
        teacher_logits = np.zeros((self._settings.batch_size, self._classes), dtype=np.float32)
        if self._train.teacher_logits is not None:
            teacher_logits[: len(batch.rows)] = self._train.teacher_logits[batch.rows]
        # Seeded by step, dropout depends on nothing that happened before, such as an evaluation.
        mx.random.seed((self._settings.seed << 32) + self.step)
        done = mx.array(self.step / max(self.total_steps - 1, 1), dtype=mx.float32)
        result = self._run(
            mx.array(ids),
            mx.array(mask),
            mx.array(labels),
            mx.array(row_weights),
            mx.array(teacher_logits),
            done,
        )
        # The device works on this step while the next batch is put together.
        mx.async_eval(result.loss, result.gradient_norm, self._state)
        self.average.after_step(self.step)
        self.step += 1
        return result

    def _require_finite(self, loss: float, norm: float, step: int, batch: Batch) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        ids = [self._train.texts.ids[row] for row in batch.rows]
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient norm is {norm}"
        raise NonFiniteFigureError(
            f"{what} at step {step}, with the rows {', '.join(ids)}; {_ADVICE}"
        )


def _schedule(model: TextClassifier) -> dict[str, float]:
    loss = model.head.loss
    reached = loss.schedule() if isinstance(loss, ScheduledLoss) else {}
    return {name: _number(value) for name, value in reached.items()}


def _number(scalar: mx.array) -> float:
    value: Any = scalar.item()
    return float(value)


def _better(metrics: Metrics, than: Metrics, metric: str) -> bool:
    new, old = getattr(metrics, metric), getattr(than, metric)
    return bool(new < old if metric == "log_loss" else new > old)
