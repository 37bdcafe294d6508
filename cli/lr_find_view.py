"""A learning-rate range test while it runs: plain lines, or a progress bar in a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from bertplay.cli.plan_rows import COMPILING
from bertplay.cli.printable import figure, one_line, scientific
from bertplay.cli.result_tables import warn
from bertplay.training.finding_lr import SilentLrFindView


class PlainLrFindView(SilentLrFindView):
    """Writes what takes long, and warnings.

    Args:
        stream: where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def taught(self, rows: int, total: int) -> None:
        """Write what takes so long before the test starts."""
        if rows == 0:
            self._line(f"teacher: reading {total:,} training texts")

    def started(self, task: str, steps: int) -> None:
        """Write what is about to happen."""
        self._line(f"range test: {task}, {steps} steps; {COMPILING}")

    def warned(self, message: str) -> None:
        """Write the warning."""
        self._line(f"warning: {one_line(message)}")

    def _line(self, text: str) -> None:
        click.echo(text, file=self._stream, color=False)


class TerminalLrFindView(SilentLrFindView):
    """Shows a progress bar; a context manager that takes it away.

    Args:
        console: of the terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.fields[state]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.completed}/{task.total}", markup=False),
            console=console,
            transient=True,
            expand=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> TerminalLrFindView:
        """The progress bar appears with the first step, or with a teacher."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the progress bar away, however the test ended."""
        self._progress.stop()

    def taught(self, rows: int, total: int) -> None:
        """Move a bar of its own, which the test takes away."""
        if self._task is None:
            self._begin("teacher: reading the training texts", total)
        assert self._task is not None
        self._progress.update(self._task, completed=rows)

    def started(self, task: str, steps: int) -> None:
        """Show the empty bar."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._begin(COMPILING, steps)

    def tested(self, step: int, rate: float, loss: float) -> None:
        """Move the bar."""
        assert self._task is not None
        state = f"lr {scientific(rate)}  loss {figure(loss, 4)}"
        self._progress.update(self._task, completed=step, state=state)

    def warned(self, message: str) -> None:
        """Show the warning."""
        warn(self._console, message)

    def _begin(self, state: str, total: int) -> None:
        self._task = self._progress.add_task("", total=total, state=state)
        self._progress.start()
