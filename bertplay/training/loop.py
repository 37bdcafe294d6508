"""The training loop: epochs of compiled steps, each epoch evaluated, the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_map
from numpy.typing import NDArray

from bertplay.data.batches import Batch
from bertplay.prediction import padded_lengths_for
from bertplay.training.average import WeightAverage
from bertplay.training.epoch_batches import epoch_batches
from bertplay.training.failures import TrainingFailedError, TrainingInterruptedError
from bertplay.training.interruption import Interruption, interruption
from bertplay.training.optimizer import adamw
from bertplay.training.rows import TrainingRows
from bertplay.training.schedule import warmup_then_decay
from bertplay.training.step import BatchLoss, StepResult, TraceGuard, compiled_step
from bertplay.training.view import EpochRecord, Evaluated, Figures, SilentView

LOGGING_INTERVAL = 10  # steps between two looks at the device's figures

ADVICE = "a lower --lr often helps"


@dataclass(frozen=True)
class LoopSettings:
    """The settings of the loop; see `bertplay.options.TrainOptions` for their meaning."""

    epochs: int
    batch_size: int
    sampling: str
    lr: float
    schedule: str
    warmup: float
    weight_decay: float
    clip_norm: float
    average_weights: float
    keep: str
    patience: int | None
    seed: int
    pad_id: int


@dataclass(frozen=True)
class LoopHooks(Generic[Figures]):
    """Who is asked and told while the loop runs.

    Attributes:
        evaluate: the figures on the validation rows; is given the number of steps so far, and
            raises `NonFiniteFigureError` where the model's outputs are not finite.
        on_epoch: is called after each epoch, while the model holds the weights evaluated.
        on_interruption: writes the weights; returns a sentence that says where.
        last_good: says what a failed run leaves to the user.
        before_next: is called between two epochs, while the model holds the weights it trains on.
    """

    evaluate: Callable[[int], Evaluated[Figures]]
    on_epoch: Callable[[EpochRecord[Figures]], None]
    on_interruption: Callable[[], str]
    last_good: Callable[[], str]
    before_next: Callable[[EpochRecord[Figures]], None] = lambda record: None


@dataclass(frozen=True)
class LoopResult(Generic[Figures]):
    """What training leaves behind; the model holds the weights of `chosen`.

    Attributes:
        history: one record an epoch.
        chosen: the epoch whose weights were kept.
        outputs: of the validation rows at that epoch, as the evaluation gave them.
        compiled_shapes: how often the step was traced.
        train_seconds: steps and their preparation, without evaluation.
    """

    history: list[EpochRecord[Figures]]
    chosen: EpochRecord[Figures]
    outputs: Any
    compiled_shapes: int
    train_seconds: float


class NonFiniteFigureError(ArithmeticError):
    """A loss, a gradient or an output is infinite or not a number."""


def run_epochs(
    model: nn.Module,
    rows: TrainingRows,
    batch_loss: BatchLoss,
    settings: LoopSettings,
    hooks: LoopHooks[Figures],
    *,
    view: SilentView,
) -> LoopResult[Figures]:
    """Train a model in place.

    Args:
        model: all its trainable parameters are trained.
        rows: to learn from.
        batch_loss: what is minimised.
        settings: of the loop.
        hooks: who is asked and told.
        view: is told what happens.

    Raises:
        TrainingFailedError: a loss, a gradient or an output of a validation row is not finite.
        TrainingInterruptedError: Ctrl-C was pressed; the weights were saved first.
    """
    history: list[EpochRecord[Figures]] = []
    best: tuple[EpochRecord[Figures], float] | None = None
    chosen: tuple[EpochRecord[Figures], Any, Any] | None = None
    with interruption() as asked:
        loop = _Loop(model, rows, batch_loss, settings, view)

        def stop_if(requested: bool) -> None:
            if requested:
                raise TrainingInterruptedError(
                    f"stopped at step {loop.step} of {loop.total_steps}; {hooks.on_interruption()}"
                )

        for epoch in range(1, settings.epochs + 1):
            started = time.perf_counter()
            try:
                means = loop.train_epoch(epoch, asked)
                stop_if(asked.requested)
                with loop.average.in_model():
                    evaluated = hooks.evaluate(loop.step)
                    record = EpochRecord(
                        epoch=epoch,
                        step=loop.step,
                        train_loss=means.loss,
                        train_figures=means.figures,
                        learning_rate=loop.last_learning_rate(),
                        gradient_norm=means.gradient_norm,
                        validation=evaluated.figures,
                        alarms=evaluated.alarms,
                        is_best=best is None or evaluated.score > best[1],
                        seconds=time.perf_counter() - started,
                        schedule=evaluated.schedule,
                    )
                    history.append(record)
                    if record.is_best:
                        best = (record, evaluated.score)
                    if record.is_best or settings.keep == "last":
                        # Arrays never change in place, so references keep the weights.
                        kept = tree_map(lambda leaf: leaf, model.parameters())
                        chosen = (record, evaluated.outputs, kept)
                    hooks.on_epoch(record)
            except NonFiniteFigureError as error:
                raise TrainingFailedError(f"{error}; {hooks.last_good()}") from None
            view.evaluated(record)
            stop_if(asked.requested)
            assert best is not None
            if settings.patience is not None and epoch - best[0].epoch >= settings.patience:
                break
            if epoch < settings.epochs:
                hooks.before_next(record)
    assert chosen is not None
    model.update(chosen[2])
    return LoopResult(history, chosen[0], chosen[1], loop.guard.traces, loop.train_seconds)


@dataclass(frozen=True)
class _Means:
    """Of an epoch: the loss and the figures over the rows, the gradient norm over the steps."""

    loss: float
    figures: Mapping[str, float]
    gradient_norm: float


class _Loop:
    """The state of one run: compiled step, optimizer, position."""

    def __init__(
        self,
        model: nn.Module,
        rows: TrainingRows,
        batch_loss: BatchLoss,
        settings: LoopSettings,
        view: SilentView,
    ) -> None:
        self._rows, self._settings, self._view = rows, settings, view
        self._padded_lengths = padded_lengths_for(rows.token_ids)
        self.total_steps = math.ceil(len(rows) / settings.batch_size) * settings.epochs
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
            model, optimizer, batch_loss, clip_norm=settings.clip_norm, guard=self.guard
        )
        self.average = WeightAverage(model, self.total_steps, settings.average_weights)

    def last_learning_rate(self) -> float:
        return _number(self._rate(mx.array(max(self.step - 1, 0))))

    def train_epoch(self, epoch: int, asked: Interruption) -> _Means:
        started = time.perf_counter()
        batches = self._batches(epoch)
        total_loss = total_norm = 0.0
        totals: dict[str, NDArray[np.float64]] = {}
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
                    for name, pair in figures.figures.items():
                        more = np.array(pair, dtype=np.float64)
                        totals[name] = totals[name] + more if name in totals else more
                waiting.clear()
                self._view.stepped(epoch, self.step, loss, self.last_learning_rate())
            if stopping:
                break
        self.train_seconds += time.perf_counter() - started
        means = {name: float(total / max(rows, 1)) for name, (total, rows) in totals.items()}
        return _Means(total_loss / len(self._rows), means, total_norm / len(batches))

    def _batches(self, epoch: int) -> list[Batch]:
        return epoch_batches(
            self._rows,
            self._padded_lengths,
            self._settings.batch_size,
            sampling=self._settings.sampling,
            seed=self._settings.seed,
            epoch=epoch,
        )

    def _one_step(self, batch: Batch) -> StepResult:
        inputs = self._rows.batch(batch, self._settings.batch_size, self._settings.pad_id)
        # Seeded by step, dropout depends on nothing that happened before, such as an evaluation.
        mx.random.seed((self._settings.seed << 32) + self.step)
        done = mx.array(self.step / max(self.total_steps - 1, 1), dtype=mx.float32)
        result = self._run(*inputs, done)
        # The device works on this step while the next batch is put together.
        mx.async_eval(result.loss, result.figures, result.gradient_norm, self._state)
        self.average.after_step(self.step)
        self.step += 1
        return result

    def _require_finite(self, loss: float, norm: float, step: int, batch: Batch) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        ids = [self._rows.ids[row] for row in batch.rows]
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient norm is {norm}"
        raise NonFiniteFigureError(
            f"{what} at step {step}, with the rows {', '.join(ids)}; {ADVICE}"
        )


def _number(scalar: mx.array) -> float:
    value: Any = scalar.item()
    return float(value)
