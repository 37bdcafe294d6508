"""The trainings of a comparison as plain lines, and in a terminal with a progress bar."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from bertplay.cli.printable import duration
from bertplay.cli.result_tables import quiet_console
from bertplay.comparison.progress import SilentTrainings


class TimeLeft:
    """How long the trainings still take, by those that ran so far and a part of one.

    Args:
        done: finished before.
        total: all of them.
    """

    def __init__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self._before = done
        self._started = time.perf_counter()

    def text(self, share: float = 0.0) -> str:
        """As "; 3:25 left", where a share of the next one is done; empty before anything is."""
        run = self.done - self._before + share
        if not run:
            return ""
        each = (time.perf_counter() - self._started) / run
        return f"; {duration(each * (self.total - self.done - share))} left"


class PlainTrainings(SilentTrainings):
    """Writes a line for each finished training.

    Args:
        stream: where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._left = TimeLeft(0, 0)

    def began(self, done: int, total: int) -> None:
        """Write how many are to run."""
        self._left = TimeLeft(done, total)
        self._line(f"{total - done} of {total} trainings to run")

    def ended(self, name: str) -> None:
        """Write which, and the time left."""
        self._left.done += 1
        self._line(f"[{self._left.done}/{self._left.total}] {name}{self._left.text()}")

    def _line(self, text: str) -> None:
        click.echo(text, file=self._stream, color=False)


class TerminalTrainings(SilentTrainings):
    """Shows one progress bar over all trainings; a context manager that takes it away.

    Args:
        console: of the terminal, from `bertplay.cli.result_tables.quiet_console`.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[training]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[state]}", markup=False),
            console=console,
            transient=True,
            refresh_per_second=4,
            expand=True,
        )
        self._task = self._progress.add_task("", training="trainings", state="")
        self._left = TimeLeft(0, 0)

    def __enter__(self) -> TerminalTrainings:
        """The bar appears with the first training."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the bar away, however the trainings ended."""
        self._progress.stop()

    def began(self, done: int, total: int) -> None:
        """Show the bar."""
        self._left = TimeLeft(done, total)
        self._progress.update(self._task, total=total)
        self._show("trainings")
        if done < total:
            self._progress.start()

    def advanced(self, name: str, share: float) -> None:
        """Move the bar by a part of a training."""
        self._show(name, share)

    def ended(self, name: str) -> None:
        """Move the bar to the end of the training."""
        self._left.done += 1
        self._show(name)

    def _show(self, name: str, share: float = 0.0) -> None:
        done = self._left.done
        state = f"{done}/{self._left.total}{self._left.text(share)}"
        self._progress.update(self._task, completed=done + share, training=name, state=state)


def trainings_view(stream: TextIO) -> AbstractContextManager[SilentTrainings]:
    """A progress bar in a terminal, lines elsewhere."""
    console = quiet_console(file=stream)
    # Asked of the stream, as a variable such as FORCE_COLOR makes rich take a file for a terminal.
    if stream.isatty() and not console.is_dumb_terminal:
        return TerminalTrainings(console)
    return nullcontext(PlainTrainings(stream))
