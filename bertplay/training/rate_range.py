"""The learning-rate range test (Smith 2017): a training whose rate rises from tiny to too large."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from bertplay.data.batches import Batch
from bertplay.prediction import padded_lengths_for
from bertplay.training.epoch_batches import epoch_batches
from bertplay.training.loop_settings import optimizer_of, step_of
from bertplay.training.step import TraceGuard
from bertplay.training.trial_run import TrialRun

AVERAGED_PART = 0.1
"""Of the steps, how many the running mean of the loss looks back on."""

DIVERGED = 2.0
"""Times the lowest smoothed loss: from there on the training is lost."""


@dataclass(frozen=True)
class RangeTest:
    """The losses of a training whose learning rate rose from step to step.

    Attributes:
        rates: of N steps.
        losses: `N`, of the batch before each step, as they were.
        smoothed: their running means.
        diverged: whether the test ended early, as the loss had become too large or not a number.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    diverged: bool


def rate_range_test(
    run: TrialRun,
    *,
    first: float,
    last: float,
    steps: int,
    on_step: Callable[[int, float, float], None] = lambda step, rate, loss: None,
) -> RangeTest:
    """Train with rates that rise exponentially, until the loss diverges or the steps are done.

    All else is as in the run itself: optimizer, batches, dropout, loss. A scheduled loss is in
    the state of the run's start. The rate is that of the encoder; the head's and the layers' rates
    keep their ratios to it.

    Args:
        run: to test; its model is trained, and of no use afterwards.
        first: rate of the first step.
        last: rate of the last one.
        steps: at most so many, at least 2.
        on_step: is told the number of each step, its rate and the smoothed loss.
    """
    settings, model = run.settings, run.model
    optimizer = optimizer_of(model, settings)
    optimizer.init(model.trainable_parameters())
    model.train()
    lengths = padded_lengths_for(run.rows.token_ids)
    guard = TraceGuard(planned=len(lengths))
    one_step, state = step_of(model, optimizer, run.batch_loss, settings, guard)
    rates = [first * (last / first) ** (step / (steps - 1)) for step in range(steps)]
    losses = _Losses(rates, averaged_steps(steps), on_step)
    waiting: mx.array | None = None
    for step, batch in zip(range(steps), _batches(run, lengths), strict=False):
        size = settings.size.at(batch.length)
        inputs = run.rows.batch(batch, size, settings.pad_id)
        draws = 1 if settings.accumulate == 1 else settings.accumulate + 1
        result = one_step(
            *inputs,
            mx.array(0.0),
            mx.array(rates[step], dtype=mx.float32),
            seed=(settings.seed << 32) + step * draws,
        )
        mx.async_eval(result.loss, state)
        # The loss before is read while the device computes this one.
        if waiting is not None and losses.diverged_with(_number(waiting)):
            return losses.result()
        waiting = result.loss
    if waiting is not None:
        losses.diverged_with(_number(waiting))
    return losses.result()


def _batches(run: TrialRun, lengths: tuple[int, ...]) -> Iterator[Batch]:
    """The batches of the run, epoch after epoch."""
    epoch = 0
    while True:
        epoch += 1
        yield from epoch_batches(
            run.rows,
            lengths,
            run.settings.size,
            sampling=run.settings.sampling,
            seed=run.settings.seed,
            epoch=epoch,
        )


def averaged_steps(steps: int) -> int:
    """How many of the last steps count most in the running mean of a test of so many."""
    return max(round(AVERAGED_PART * steps), 1)


class _Losses:
    """What has been seen so far."""

    def __init__(
        self, rates: list[float], averaged: int, on_step: Callable[[int, float, float], None]
    ) -> None:
        self._rates, self._averaged, self._on_step = rates, averaged, on_step
        self._decay = 1 - 1 / averaged
        self._losses: list[float] = []
        self._smoothed: list[float] = []
        self._mean, self._lowest, self._diverged = 0.0, math.inf, False

    def diverged_with(self, loss: float) -> bool:
        """Take in the loss of one more step; whether it is the one too many."""
        if not math.isfinite(loss):
            self._diverged = True
            return True
        self._losses.append(loss)
        self._mean = self._decay * self._mean + (1 - self._decay) * loss
        # Divided by the weights so far, as the mean begins at 0 (Kingma & Ba 2015).
        self._smoothed.append(self._mean / (1 - self._decay ** len(self._losses)))
        # The first means are of so few batches that chance makes them low.
        if len(self._losses) > self._averaged:
            self._lowest = min(self._lowest, self._smoothed[-1])
        self._diverged = self._smoothed[-1] > DIVERGED * self._lowest
        self._on_step(len(self._losses), self._rates[len(self._losses) - 1], self._smoothed[-1])
        return self._diverged

    def result(self) -> RangeTest:
        """What was seen."""
        seen = len(self._losses)
        return RangeTest(
            tuple(self._rates[:seen]), tuple(self._losses), tuple(self._smoothed), self._diverged
        )


def _number(scalar: mx.array) -> float:
    value: Any = scalar.item()
    return float(value)
