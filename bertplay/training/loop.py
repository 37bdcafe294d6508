"""The training loop: epochs of compiled steps, each epoch evaluated, the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_unflatten

from bertplay.checks.result import CheckResult
from bertplay.checks.stretch import STRETCHES
from bertplay.data.batches import Batch
from bertplay.distributed.process_group import ALONE, ProcessGroup
from bertplay.freezing import apply_freeze, stage_of
from bertplay.named_arrays import named_arrays
from bertplay.prediction import padded_lengths_for
from bertplay.training.average import WeightAverage
from bertplay.training.epoch_batches import epoch_batches
from bertplay.training.epoch_totals import Means
from bertplay.training.failures import TrainingFailedError, TrainingInterruptedError
from bertplay.training.gradient_groups import trained_groups
from bertplay.training.interruption import Interruption, interruption
from bertplay.training.loop_settings import LoopSettings, optimizer_of, schedule_of, step_of
from bertplay.training.loop_state import (
    LoopState,
    Position,
    output_arrays,
    restored_outputs,
    restored_record,
)
from bertplay.training.rows import TrainingRows
from bertplay.training.step import BatchLoss, Step, StepResult, TraceGuard, seeds_per_step
from bertplay.training.trained_part import trainable_numbers
from bertplay.training.view import EpochRecord, Evaluated, Figures, SilentView

LOGGING_INTERVAL = 10  # steps between two looks at the device's figures

ADVICE = "a lower --lr often helps"


class RunWriter(Protocol):
    """Writes down what must outlive the process."""

    def after_epoch(self, record: EpochRecord[Any]) -> None:
        """An epoch is evaluated; the model holds the weights evaluated."""

    def save_state(self, state: LoopState) -> None:
        """Keep the complete state."""

    def how_to_go_on(self) -> str:
        """A sentence for the user of an interrupted run; its state has just been saved."""

    def last_good(self) -> str:
        """What a failed run leaves to the user, in a sentence."""


@dataclass(frozen=True)
class LoopHooks(Generic[Figures]):
    """Who is asked while the loop runs.

    Attributes:
        evaluate: the figures on the validation rows; is given the number of steps so far, and
            raises `NonFiniteFigureError` where the model's outputs are not finite.
        restored_figures: the figures whose `as_dict` gave this.
        inputs: what the steps read and minimise from an epoch on, for what is frozen then; None
            leaves them as they are.
        checks: what the checks say; is given the records of all epochs, of which the last one has
            no checks yet, and the model's outputs of the validation rows.
        before_next: is called between two epochs with the records of all so far, while the model
            holds the weights it trains on.
    """

    evaluate: Callable[[int], Evaluated[Figures]]
    restored_figures: Callable[[Mapping[str, Any]], Figures]
    inputs: Callable[[int], tuple[TrainingRows, BatchLoss]] | None = None
    checks: Callable[[Sequence[EpochRecord[Figures]], Any], tuple[CheckResult, ...]] = (
        lambda history, outputs: ()
    )
    before_next: Callable[[Sequence[EpochRecord[Figures]]], None] = lambda history: None


@dataclass(frozen=True)
class LoopResult(Generic[Figures]):
    """What training leaves behind; the model holds the weights of `chosen`.

    Attributes:
        history: one record an epoch.
        chosen: the epoch whose weights were kept.
        outputs: of the validation rows at that epoch, as the evaluation gave them.
        compiled_shapes: how often the step was traced in this process.
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
    writer: RunWriter,
    *,
    view: SilentView,
    resumed: LoopState | None = None,
    group: ProcessGroup = ALONE,
) -> LoopResult[Figures]:
    """Train a model in place.

    Args:
        model: all its trainable parameters are trained.
        rows: to learn from.
        batch_loss: what is minimised.
        settings: of the loop.
        hooks: who is asked.
        writer: writes down what must outlive the process.
        view: is told what happens.
        resumed: the state to go on from; the result is bitwise that of a run never stopped.
        group: the processes that train together, each of which runs this.

    Raises:
        TrainingFailedError: a loss, a gradient or an output of a validation row is not finite.
        TrainingInterruptedError: Ctrl-C was pressed; the complete state was saved first.
    """
    with interruption() as asked:
        loop = _Loop(model, rows, batch_loss, settings, hooks, writer, view, resumed, group)
        while loop.has_epochs_left():
            try:
                loop.train_epoch(asked)
                record = loop.evaluate_epoch()
            except NonFiniteFigureError as error:
                raise TrainingFailedError(f"{error}; {writer.last_good()}") from None
            view.evaluated(record)
            loop.finish_epoch()
            loop.stop_if(group.any(asked.requested))
        return loop.result()


@dataclass
class _Chosen(Generic[Figures]):
    """The epoch whose weights would become the model, and what is kept of it."""

    record: EpochRecord[Figures]
    outputs: Any
    weights: Mapping[str, mx.array]
    output_arrays: Mapping[str, mx.array]


class _Loop(Generic[Figures]):
    """The state of one run: compiled step, optimizer, position."""

    def __init__(
        self,
        model: nn.Module,
        rows: TrainingRows,
        batch_loss: BatchLoss,
        settings: LoopSettings,
        hooks: LoopHooks[Figures],
        writer: RunWriter,
        view: SilentView,
        resumed: LoopState | None,
        group: ProcessGroup,
    ) -> None:
        self._model, self._rows, self._settings = model, rows, settings
        self._hooks, self._writer, self._view, self._group = hooks, writer, view, group
        self._padded_lengths = padded_lengths_for(rows.token_ids)
        self.steps_per_epoch = len(self._batches(1))
        self.total_steps = self.steps_per_epoch * settings.epochs
        self._position = Position.start()
        self._history: list[EpochRecord[Figures]] = []
        self._best: tuple[int, float] | None = None
        self._chosen: _Chosen[Figures] | None = None
        self._schedule = schedule_of(settings, self.total_steps)
        self._frozen = stage_of(settings.freeze_stages, 1)
        if group.size > 1:
            # Another machine's files or generator may give other weights to begin with.
            begin = group.of_first(named_arrays(model.parameters()))
            model.update(tree_unflatten(list(begin.items())))
        self._optimizer = optimizer_of(model, settings)
        # Before compiling: state that appears in the first step would be traced a second time.
        self._optimizer.init(model.trainable_parameters())
        self._average = WeightAverage(
            model, self.total_steps, settings.average_weights, ema_decay=settings.ema
        )
        if resumed is not None:
            self._restore(resumed)
        self._batch_loss = batch_loss
        self._guard = TraceGuard(planned=0)
        self._run: Step | None = None

    def _compile(self) -> None:
        """Build the step anew, for the parameters that are trained now."""
        if self._hooks.inputs is not None:
            # What frozen layers made of the rows is forgotten before there is more of it.
            self._rows = replace(self._rows, features=None)
            self._rows, self._batch_loss = self._hooks.inputs(self._position.epoch)
        self._guard.planned += len(self._padded_lengths)
        self._groups = trained_groups(self._model)
        self._model.train()
        self._run, self._state = step_of(
            self._model,
            self._optimizer,
            self._batch_loss,
            self._settings,
            self._guard,
            self._group,
        )

    def _reach_stage(self) -> None:
        """Train what this epoch is to train."""
        wanted = stage_of(self._settings.freeze_stages, self._position.epoch)
        if wanted != self._frozen:
            self._freeze(wanted)
            # What was trained before keeps its state; the rest begins with none.
            self._optimizer.init(self._model.trainable_parameters())
            self._average.let_join()
            self._view.unfrozen(self._position.epoch, wanted, trainable_numbers(self._model))
        elif self._run is not None:
            return
        self._compile()

    def _freeze(self, frozen: str) -> None:
        apply_freeze(self._model.encoder, frozen)
        self._frozen = frozen

    def has_epochs_left(self) -> bool:
        """Whether there is an epoch to train; not after the last, nor when patience is over."""
        epoch, patience = self._position.epoch, self._settings.patience
        if patience is not None and self._best is not None:
            epochs_without_better = epoch - 1 - self._best[0]
            if epochs_without_better >= patience:
                return False
        return epoch <= self._settings.epochs

    def train_epoch(self, asked: Interruption) -> None:
        """The steps of an epoch that are left.

        Raises:
            NonFiniteFigureError: a loss or a gradient is not finite.
            TrainingInterruptedError: Ctrl-C was pressed; the complete state was saved first.
        """
        self._reach_stage()
        position, seconds = self._position, self._position.train_seconds
        started = time.perf_counter()
        batches = self._batches(position.epoch)
        waiting: list[tuple[int, Batch, StepResult]] = []
        stopping = False
        for batch in batches[position.batch :]:
            result = self._one_step(batch)
            waiting.append((position.step, batch, result))
            last = position.batch == len(batches)
            due = self._checkpoint_is_due() and not last
            look = len(waiting) == LOGGING_INTERVAL or last or due
            # Asked once, as Ctrl-C may come between two looks, and no step may go unchecked.
            if look or self._group.size == 1:
                stopping = self._group.any(asked.requested)
            if look or stopping:
                loss = self._take_in(waiting)
                waiting.clear()
                self._view.stepped(position.epoch, position.step, loss, self._last_learning_rate())
                position.train_seconds = seconds + time.perf_counter() - started
            if due and not stopping:
                self._save_state()
            if stopping:
                break
        position.epoch_seconds += time.perf_counter() - started
        self.stop_if(stopping, save=True)

    def evaluate_epoch(self) -> EpochRecord[Figures]:
        """The record of the epoch that was trained; its weights are kept where they are best.

        Raises:
            NonFiniteFigureError: an output of a validation row is not finite.
        """
        position, started = self._position, time.perf_counter()
        means: Means = position.totals.means()
        with self._average.in_model():
            evaluated = self._hooks.evaluate(position.step)
            is_best = self._best is None or evaluated.score > self._best[1]
            record = EpochRecord(
                epoch=position.epoch,
                step=position.step,
                train_loss=means.loss,
                train_figures=means.figures,
                trainable_parameters=trainable_numbers(self._model),
                learning_rate=self._last_learning_rate(),
                gradient_norm=means.gradient_norm,
                validation=evaluated.figures,
                is_best=is_best,
                seconds=position.epoch_seconds + time.perf_counter() - started,
                schedule=evaluated.schedule,
                stretches=means.stretches,
            )
            checks = self._hooks.checks([*self._history, record], evaluated.outputs)
            record = replace(record, checks=checks)
            self._history.append(record)
            self._schedule.after_epoch(evaluated.score)
            if is_best:
                self._best = (position.epoch, evaluated.score)
            if is_best or self._settings.keep == "last":
                # Arrays never change in place, so references keep the weights.
                kept = named_arrays(self._model.parameters())
                outputs = evaluated.outputs
                self._chosen = _Chosen(record, outputs, kept, output_arrays(outputs))
            self._writer.after_epoch(record)
        return record

    def finish_epoch(self) -> None:
        """Get ready for the next epoch and save the complete state."""
        self._position.next_epoch()
        if self.has_epochs_left():
            self._hooks.before_next(self._history)
        self._save_state()

    def stop_if(self, requested: bool, *, save: bool = False) -> None:
        """Raise `TrainingInterruptedError` where the user asked to stop.

        Args:
            requested: whether he did.
            save: the state, which has changed since it was saved last.
        """
        if not requested:
            return
        if save:
            self._save_state()
        raise TrainingInterruptedError(
            f"stopped at step {self._position.step} of {self.total_steps}; "
            f"{self._writer.how_to_go_on()}"
        )

    def result(self) -> LoopResult[Figures]:
        """What training leaves behind; puts the weights of the chosen epoch into the model."""
        assert self._chosen is not None
        self._model.update(tree_unflatten(list(self._chosen.weights.items())))
        return LoopResult(
            self._history,
            self._chosen.record,
            self._chosen.outputs,
            self._guard.traces,
            self._position.train_seconds,
        )

    def _batches(self, epoch: int) -> list[Batch]:
        return epoch_batches(
            self._rows,
            self._padded_lengths,
            self._settings.size,
            sampling=self._settings.sampling,
            seed=self._settings.seed,
            epoch=epoch,
        )

    def _one_step(self, batch: Batch) -> StepResult:
        position, settings = self._position, self._settings
        inputs = self._rows.batch(batch, settings.size.at(batch.length), settings.pad_id)
        done = mx.array(position.step / max(self.total_steps - 1, 1), dtype=mx.float32)
        # By the step, so that dropout depends on nothing that happened before, as an evaluation.
        draws = seeds_per_step(settings.accumulate, self._group)
        seed = (settings.seed << 32) + position.step * draws
        rate = mx.array(self._schedule.rate(position.step), dtype=mx.float32)
        assert self._run is not None
        result = self._run(*inputs, done, rate, seed=seed)
        norms = result.gradient_norm, result.group_norms
        # The device works on this step while the next batch is put together.
        mx.async_eval(result.loss, result.figures, norms, self._state)
        self._average.after_step(position.step)
        position.step += 1
        position.batch += 1
        return result

    def _take_in(self, steps: Sequence[tuple[int, Batch, StepResult]]) -> float:
        """Add the figures of steps to the epoch's; the loss of the last one."""
        for step, batch, result in steps:
            loss, norm = _number(result.loss), _number(result.gradient_norm)
            self._require_finite(loss, norm, step, batch)
            figures = {
                name: np.array(pair, dtype=np.float64) for name, pair in result.figures.items()
            }
            norms = np.array(result.group_norms).tolist()
            self._position.totals.add(
                len(batch.rows),
                loss,
                norm,
                figures,
                # Within its epoch; all epochs have as many steps.
                stretch=(step - 1) % self.steps_per_epoch * STRETCHES // self.steps_per_epoch,
                gradient_norms=dict(zip(self._groups, norms, strict=True)),
            )
        return loss

    def _checkpoint_is_due(self) -> bool:
        every = self._settings.checkpoint_every
        return every is not None and self._position.step % every == 0

    def _last_learning_rate(self) -> float:
        return self._schedule.rate(max(self._position.step - 1, 0))

    def _require_finite(self, loss: float, norm: float, step: int, batch: Batch) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        ids = [self._rows.ids[row] for row in batch.rows]
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient norm is {norm}"
        raise NonFiniteFigureError(
            f"{what} at step {step}, with the rows {', '.join(ids)}; {ADVICE}"
        )

    def _save_state(self) -> None:
        arrays: dict[str, Mapping[str, mx.array]] = {
            "weights": named_arrays(self._model.parameters()),
            "optimizer": named_arrays(self._optimizer.state),
        }
        if average := self._average.arrays():
            arrays["average"] = average
        if self._chosen is not None:
            arrays["kept"] = self._chosen.weights
            arrays["outputs"] = self._chosen.output_arrays
        facts = {
            **self._position.as_dict(),
            "total_steps": self.total_steps,
            "frozen": self._frozen,
            "schedule": self._schedule.state(),
            "averaged_steps": self._average.count,
            "history": [record.as_dict() for record in self._history],
            "best": self._best,
            "chosen_epoch": None if self._chosen is None else self._chosen.record.epoch,
        }
        self._writer.save_state(LoopState(arrays, facts))
        # Where one process ends early, the launcher ends the others: not while they write.
        self._group.wait()

    def _restore(self, state: LoopState) -> None:
        """Put a state into model, optimizer and loop; before the step is compiled."""
        facts = state.facts
        self._position = Position.from_dict(facts)
        if facts["frozen"] != self._frozen:
            self._freeze(facts["frozen"])
        self._model.update(tree_unflatten(list(state.arrays["weights"].items())))
        self._optimizer.state = state.arrays["optimizer"]
        self._schedule.load_state(facts["schedule"])
        self._average.restore(state.arrays.get("average", {}), facts["averaged_steps"])
        self._history = [
            restored_record(record, self._hooks.restored_figures(record["validation"]))
            for record in facts["history"]
        ]
        self._best = None if facts["best"] is None else (facts["best"][0], facts["best"][1])
        if facts["chosen_epoch"] is not None:
            outputs = state.arrays["outputs"]
            self._chosen = _Chosen(
                self._history[facts["chosen_epoch"] - 1],
                restored_outputs(outputs),
                state.arrays["kept"],
                outputs,
            )


def _number(scalar: mx.array) -> float:
    value: Any = scalar.item()
    return float(value)
