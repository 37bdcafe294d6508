"""Training as plain lines, for files, pipes and notebooks: no colours, nothing is overwritten."""

from __future__ import annotations

import time
from typing import Any, TextIO

import click

from bertplay.checks.result import CheckResult
from bertplay.cli.check_lines import NewChecks, check_line
from bertplay.cli.next_steps import next_commands, written_text
from bertplay.cli.plan_rows import (
    COMPILING,
    class_shares,
    imbalance_text,
    plan_rows,
    rows_text,
    unfrozen_text,
)
from bertplay.cli.printable import duration, figure, one_line, percent, scientific
from bertplay.cli.result_tables import result_console
from bertplay.cli.run_result import print_results
from bertplay.cli.task_tables import task_text, tasks_epoch_line
from bertplay.training.view import EpochRecord, Plan, SilentView

_PROGRESS_LINES = 10
_CLASSES_SHOWN = 8
_LOWEST_SHOWN = 3


class PlainView(SilentView):
    """Writes lines that can be read, searched and kept.

    Args:
        stream: where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._plan: Plan | None = None
        self._started = time.perf_counter()
        self._reading_since = self._started
        self._tenths = 0
        self._new_checks = NewChecks()

    def taught(self, rows: int, total: int) -> None:
        """Write what takes so long before the plan appears."""
        if rows == 0:
            self._line(f"teacher: reading {total:,} training texts")

    def planned(self, plan: Plan) -> None:
        """Write the plan."""
        self._plan, self._started = plan, time.perf_counter()
        total = plan.steps_per_epoch * plan.epochs
        self._tenths = plan.first_step * _PROGRESS_LINES // total
        self._line(f"data: {one_line(plan.source)}")
        self._line(f"rows: {rows_text(plan)}")
        for task in plan.tasks:
            self._line(f"task {one_line(task.name, 24)}: {task_text(task, plan.train_rows)}")
        if not plan.tasks:
            shares = class_shares(plan)
            classes = ", ".join(f"{n} {count:,} ({percent(s)})" for n, count, s in shares)
            self._line(f"classes: {classes}")
            self._line(f"imbalance: {imbalance_text(plan)}")
        for name, text in plan_rows(plan):
            self._line(f"{name}: {text}")
        self._line(COMPILING)

    def checked(self, checks: tuple[CheckResult, ...]) -> None:
        """Write what is new."""
        for check in self._new_checks.of(checks):
            self._line(f"{check.severity}: {one_line(check_line(check.as_dict()))}")

    def unfrozen(self, epoch: int, frozen: str, trainable: int) -> None:
        """Write what is trained now."""
        self._line(unfrozen_text(epoch, frozen, trainable))

    def cached(self, rows: int, total: int) -> None:
        """Write what takes so long; it does not count among the steps' time."""
        now = time.perf_counter()
        if rows == 0:
            self._line(f"frozen layers: reading {total:,} texts once")
        else:
            self._started += now - self._reading_since
        self._reading_since = now

    def stepped(self, epoch: int, step: int, loss: float, learning_rate: float) -> None:
        """Write at most ten lines a run."""
        assert self._plan is not None
        total = self._plan.steps_per_epoch * self._plan.epochs
        tenths = step * _PROGRESS_LINES // total
        if tenths <= self._tenths:
            return
        self._tenths = tenths
        done = max(step - self._plan.first_step, 1)
        left = (time.perf_counter() - self._started) / done * (total - step)
        self._line(
            f"step {step}/{total} ({percent(step / total, 0)}): loss {figure(loss, 4)}, "
            f"learning rate {scientific(learning_rate)}, {duration(left)} left"
        )

    def evaluated(self, record: EpochRecord[Any]) -> None:
        """Write one line an epoch, and one for each check that fires anew."""
        assert self._plan is not None
        several = bool(self._plan.tasks)
        self._line(
            tasks_epoch_line(record, self._plan)
            if several
            else epoch_line(record, self._plan.epochs)
        )
        self.checked(record.checks)

    def warned(self, message: str) -> None:
        """Write the warning."""
        self._line(f"warning: {one_line(message)}")

    def finished(self, summary: dict[str, Any]) -> None:
        """Write the result."""
        self._line("")
        print_results(result_console(self._stream), summary)
        self._line("")
        self._line(f"written to {one_line(written_text(summary))}")
        for command in next_commands(
            summary, "a text" if self._plan is None else self._plan.example
        ):
            self._line(f"next: {command}")

    def _line(self, text: str) -> None:
        click.echo(text, file=self._stream, color=False)


def epoch_line(record: EpochRecord[Any], epochs: int) -> str:
    """All figures of an epoch in one line."""
    metrics = record.validation
    best = " (best so far)" if record.is_best else ""
    schedule = f"{schedule_text(record)}, " if record.schedule else ""
    return (
        f"epoch {record.epoch}/{epochs}{best}: loss {figure(record.train_loss, 4)}, "
        f"learning rate {scientific(record.learning_rate)}, "
        f"gradient norm {figure(record.gradient_norm, 2)}, {schedule}"
        f"accuracy {figure(metrics.accuracy)}, balanced {figure(metrics.balanced_accuracy)}, "
        f"macro-F1 {figure(metrics.macro_f1)}, {recalls_text(record)}, "
        f"confidence {figure(metrics.mean_confidence)}, entropy {figure(metrics.entropy)}, "
        f"ECE {figure(metrics.ece)}"
    )


def schedule_text(record: EpochRecord[Any]) -> str:
    """What the loss's schedule has reached: `mix 0.250`; empty without one."""
    return ", ".join(f"{name} {figure(value)}" for name, value in record.schedule.items())


def recalls_text(record: EpochRecord[Any], digits: int = 3) -> str:
    """The recall of each class; of more than eight classes the lowest three."""
    recalls = [
        (one_line(name, 24), figures["recall"])
        for name, figures in record.validation.per_class.items()
    ]
    if len(recalls) <= _CLASSES_SHOWN:
        return "recall " + "  ".join(f"{name} {figure(recall, digits)}" for name, recall in recalls)
    defined = [(name, recall) for name, recall in recalls if recall is not None]
    lowest = sorted(defined, key=lambda item: item[1])[:_LOWEST_SHOWN]
    return "lowest recall " + "  ".join(
        f"{name} {figure(recall, digits)}" for name, recall in lowest
    )
