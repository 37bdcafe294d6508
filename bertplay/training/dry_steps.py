"""Steps of a few rows, to find out how much memory a step of many takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from bertplay.data.batches import Batch
from bertplay.device_memory import usable_memory
from bertplay.freezing import apply_freeze, stage_of
from bertplay.named_arrays import named_arrays
from bertplay.prediction import padded_lengths_for
from bertplay.training.loop_settings import LoopSettings, optimizer_of, step_of
from bertplay.training.rows import TrainingRows
from bertplay.training.step import BatchLoss, TraceGuard
from bertplay.training.step_memory import StepMemory
from bertplay.training.trained_part import trainable_numbers

_MEASURABLE_PART = 0.5  # of the memory: what a dry step may take
_MOST_SHAPES = 8
# How far MLX runs ahead of what it computes is chance, more so on a busy machine, and what it then
# holds would count for each row to come: the median leaves out both ends.
_REPEATS = 5
_CLEARLY_MORE = 1.2  # times what one row takes: then the rows decide, and not the optimizer


def step_memory(
    model: nn.Module, rows: TrainingRows, batch_loss: BatchLoss, settings: LoopSettings
) -> StepMemory:
    """Estimate what a step of the largest batch takes, without such a step.

    A batch that does not fit would end the process, so compiled steps of a few rows are tried:
    one, an eighth of the batch, and four times as many until the rows and not the optimizer decide
    on the peak. As arrays are there for all of the model at once, or for the rows, the peak is a
    convex function of the rows: a straight line from what is resident through the last one tried
    is never below it.

    Model, optimizer and random state are afterwards what they were; peak memory counts anew.

    Args:
        model: to be trained.
        rows: to learn from; copies of the longest are tried.
        batch_loss: what is minimised.
        settings: of the loop.
    """
    lengths = padded_lengths_for(rows.token_ids)
    full, length = settings.size.at(lengths[-1]) // settings.accumulate, lengths[-1]
    usable = usable_memory()
    # More batches than two change nothing about the memory, as they come one after the other.
    batches = min(settings.accumulate, 2)
    trial = _Trial(model, rows, batch_loss, replace(settings, accumulate=batches), length)
    smallest = peak = trial.peak(1)
    tried = 1
    while tried < full and peak - trial.resident < _CLEARLY_MORE * (smallest - trial.resident):
        more = min(4 * tried, full) if tried > 1 else max(full // 8, min(4, full))
        if _line(trial.resident, tried, peak, more) > _MEASURABLE_PART * usable:
            break
        peak, tried = trial.peak(more), more
    trial.undo()
    kept = trial.trained * (2 if settings.average_weights or settings.ema else 1)
    mx.reset_peak_memory()
    return StepMemory(
        full,
        length,
        settings.accumulate,
        _line(trial.resident, tried, peak, full) + kept,
        usable,
        tried,
        trial.resident + kept,
        smallest + kept,
    )


def _line(resident: int, tried: int, peak: int, rows: int) -> int:
    """The peak with other rows than were tried, on the line from no rows at all."""
    return resident + (peak - resident) * rows // tried


class _Trial:
    """Single steps of few rows, each from the same state.

    Attributes:
        resident: bytes of model and optimizer, and of whatever else the process holds.
        trained: bytes of the trained weights.
    """

    def __init__(
        self,
        model: nn.Module,
        rows: TrainingRows,
        batch_loss: BatchLoss,
        settings: LoopSettings,
        length: int,
    ) -> None:
        self._model, self._rows, self._settings, self._length = model, rows, settings, length
        self._longest = int(np.argmax(rows.lengths))
        self._was_training = model.training
        random: Any = mx.random.state  # MLX says nothing of its type
        high, low = random[0].tolist()
        self._seed = (high << 32) + low  # the seed that makes this random state
        self._freeze(_most_trained(model, settings))
        self._optimizer = optimizer_of(model, settings)
        self._optimizer.init(model.trainable_parameters())
        model.train()
        guard = TraceGuard(planned=_MOST_SHAPES)
        self._run, self._state = step_of(model, self._optimizer, batch_loss, settings, guard)
        mx.eval(self._state)
        self._weights = model.parameters()
        self._moments = named_arrays(self._optimizer.state)
        self.resident = mx.get_active_memory()
        trained = named_arrays(model.trainable_parameters())
        self.trained = sum(array.nbytes for array in trained.values())

    def peak(self, rows: int) -> int:
        """The most bytes of arrays at any moment of a step of batches of so many rows."""
        size = rows * self._settings.accumulate
        batch = Batch(np.full(size, self._longest), self._length)
        inputs = self._rows.batch(batch, size, self._settings.pad_id)
        start = mx.array(0.0), mx.array(self._settings.lr, dtype=mx.float32)
        mx.eval(inputs, start)
        peaks = []
        for _ in range(_REPEATS):
            mx.reset_peak_memory()
            result = self._run(*inputs, *start, seed=0)
            mx.eval(result.loss, result.gradient_norm, self._state)
            peaks.append(mx.get_peak_memory())
            del result
            self._restore()
        return sorted(peaks)[_REPEATS // 2]

    def undo(self) -> None:
        """Leave nothing behind."""
        self._restore()
        self._freeze(stage_of(self._settings.freeze_stages, 1))
        self._model.train(self._was_training)

    def _freeze(self, frozen: str) -> None:
        # Where there is one stage it is reached already, with adapters if there are any.
        if len(self._settings.freeze_stages) > 1:
            apply_freeze(self._model.encoder, frozen)

    def _restore(self) -> None:
        self._model.update(self._weights)
        self._optimizer.state = self._moments
        mx.random.seed(self._seed)


def _most_trained(model: nn.Module, settings: LoopSettings) -> str:
    """The stage of a run's unfreezing that trains most; leaves the model in any of them."""
    stages = list(dict.fromkeys(settings.freeze_stages.values()))
    if len(stages) == 1:
        return stages[0]

    def trained(frozen: str) -> int:
        apply_freeze(model.encoder, frozen)
        return trainable_numbers(model)

    return max(stages, key=trained)
