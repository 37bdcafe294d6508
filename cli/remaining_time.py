"""How far several trainings are, and how long the others will take."""

from __future__ import annotations

import time
from typing import TextIO

import click

from bertplay.cli.printable import duration


class RemainingTime:
    """Writes a line for each finished training.

    Args:
        stream: where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started = time.perf_counter()
        self._before = 0

    def __call__(self, done: int, total: int, last: str) -> None:
        """So many are finished of so many; without a last one, they were before this began."""
        if not last:
            self._before = done
            line = f"{total - done} of {total} trainings to run"
        else:
            each = (time.perf_counter() - self._started) / (done - self._before)
            line = f"[{done}/{total}] {last}; {duration(each * (total - done))} left"
        click.echo(line, file=self._stream, color=False)
