"""Training in a terminal: the plan, one progress bar, a row an epoch, the result."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from bertplay.checks.result import CheckResult
from bertplay.cli.check_lines import NewChecks, check_line
from bertplay.cli.epoch_table import LEGEND, EpochTable
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
from bertplay.cli.result_tables import warn
from bertplay.cli.run_result import print_results
from bertplay.cli.task_tables import TASKS_LEGEND, TasksEpochTable, task_text
from bertplay.training.view import EpochRecord, Plan, SilentView

_BAR_WIDTH = 20
_NARROW = 64


class TerminalView(SilentView):
    """Shows training in a terminal; a context manager that takes the progress bar away.

    Args:
        console: of the terminal, from `bertplay.cli.result_tables.quiet_console`.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            *_progress_columns(console.width),
            console=console,
            transient=True,
            refresh_per_second=4,
            expand=True,
        )
        self._task: TaskID | None = None
        self._reading: TaskID | None = None
        self._plan: Plan | None = None
        self._epochs: EpochTable | TasksEpochTable | None = None
        self._started = time.perf_counter()
        self._reading_since = self._started
        self._headed = False
        self._new_checks = NewChecks()

    def __enter__(self) -> TerminalView:
        """The progress bar appears with the plan."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the progress bar away, however training ended."""
        self._progress.stop()

    def taught(self, rows: int, total: int) -> None:
        """Move a bar of its own, which the plan takes away."""
        if self._task is None:
            self._task = self._progress.add_task(
                "", total=total, epoch="teacher", state="reading the training texts"
            )
            self._progress.start()
        self._progress.update(self._task, completed=rows)

    def planned(self, plan: Plan) -> None:
        """Show the plan and the empty progress bar."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._plan, self._started = plan, time.perf_counter()
        width = self._console.width
        if plan.tasks:
            self._epochs = TasksEpochTable(plan, width)
        else:
            self._epochs = EpochTable(list(plan.class_counts), width, plan.epochs)
        self._console.print(_plan_table(plan, self._console))
        self._console.print()
        self._task = self._progress.add_task(
            "",
            total=plan.steps_per_epoch * plan.epochs,
            completed=plan.first_step,
            epoch=f"epoch 1/{plan.epochs}",
            state=COMPILING,
        )
        self._progress.start()

    def checked(self, checks: tuple[CheckResult, ...]) -> None:
        """Show what is new."""
        for check in self._new_checks.of(checks):
            warn(self._console, check_line(check.as_dict()))

    def unfrozen(self, epoch: int, frozen: str, trainable: int) -> None:
        """Show what is trained now."""
        self._console.print(Text(f"      {unfrozen_text(epoch, frozen, trainable)}", "dim"))

    def cached(self, rows: int, total: int) -> None:
        """Move a bar of its own, in the place of that of the steps, which begins afterwards."""
        assert self._task is not None
        if self._reading is None:
            self._reading = self._progress.add_task(
                "", total=total, epoch="frozen layers", state="reading all texts once"
            )
            self._reading_since = time.perf_counter()
        self._progress.update(self._task, visible=rows == total)
        self._progress.update(self._reading, completed=rows)
        if rows == total:
            self._progress.remove_task(self._reading)
            self._reading = None
            # It does not count among the steps' time.
            self._started += time.perf_counter() - self._reading_since

    def stepped(self, epoch: int, step: int, loss: float, learning_rate: float) -> None:
        """Move the bar."""
        assert self._plan is not None
        assert self._task is not None
        total = self._plan.steps_per_epoch * self._plan.epochs
        done = max(step - self._plan.first_step, 1)
        left = duration((time.perf_counter() - self._started) / done * (total - step))
        state = f"{left} left"
        if self._console.width >= _NARROW:
            state = f"loss {figure(loss, 4)}  lr {scientific(learning_rate)}  {state}"
        self._progress.update(
            self._task, completed=step, epoch=f"epoch {epoch}/{self._plan.epochs}", state=state
        )

    def evaluated(self, record: EpochRecord[Any]) -> None:
        """Add the epoch's row and its warnings."""
        assert self._epochs is not None
        if not self._headed:
            self._headed = True
            heading = self._epochs.heading()
            if heading:
                legend = LEGEND if isinstance(self._epochs, EpochTable) else TASKS_LEGEND
                self._console.print(Text(legend, "dim"))
            self._console.print(*heading, sep="\n")
        self._console.print(*self._epochs.row(record), sep="\n")
        self.checked(record.checks)

    def warned(self, message: str) -> None:
        """Show the warning."""
        warn(self._console, message)

    def finished(self, summary: dict[str, Any]) -> None:
        """Show the result and what comes next."""
        self._progress.stop()
        self._console.print()
        print_results(self._console, summary)
        self._console.print()
        self._console.print(Text.assemble(("Written to ", "bold"), one_line(written_text(summary))))
        self._console.print(Text("Next:", "bold"))
        for command in next_commands(
            summary, "a text" if self._plan is None else self._plan.example
        ):
            # Not wrapped, so that a command can be copied whole.
            self._console.print(Text(f"  {command}", "cyan"), soft_wrap=True)


def _progress_columns(width: int) -> list[ProgressColumn]:
    columns: list[ProgressColumn] = [
        TextColumn("{task.fields[epoch]}", markup=False),
        BarColumn(bar_width=None),
    ]
    if width >= _NARROW:
        columns.append(TextColumn("{task.completed}/{task.total}", markup=False))
    return [*columns, TextColumn("{task.fields[state]}", markup=False)]


def _plan_table(plan: Plan, console: Console) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("data", one_line(plan.source))
    table.add_row("rows", rows_text(plan))
    if plan.tasks:
        table.add_row("tasks", _task_table(plan))
    else:
        table.add_row("classes", _class_table(plan, console))
        table.add_row("", imbalance_text(plan))
    for name, text in plan_rows(plan):
        table.add_row(name, text)
    return table


def _task_table(plan: Plan) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for task in plan.tasks:
        table.add_row(one_line(task.name, 24), task_text(task, plan.train_rows))
    return table


def _class_table(plan: Plan, console: Console) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column(style="cyan", no_wrap=True)
    shares = class_shares(plan)
    block = "\u2588" if console.encoding.startswith("utf") else "#"
    largest = max(share for _, _, share in shares)
    for name, count, share in shares:
        bar = block * max(round(share / largest * _BAR_WIDTH), 1)
        cells = [name, f"{count:,}", percent(share)]
        table.add_row(*cells, bar if console.width >= _NARROW else "")
    return table
