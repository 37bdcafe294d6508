"""Event files for TensorBoard, in the run directory."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from bertplay.tracking.tracker import TrackedRun

FOLDER = "tensorboard"


class TensorBoardFiles:
    """A `Tracker`: `tensorboard --logdir RUN/tensorboard` shows the figures.

    Args:
        run: what is tracked.
    """

    identity: str | None = None

    def __init__(self, run: TrackedRun) -> None:
        self._writer = EventFileWriter(str(run.folder / FOLDER))
        # TensorBoard forgets what an earlier start wrote at this step and later, as the loop does.
        log = SessionLog(status=SessionLog.START)
        self._write(Event(session_log=log), run.first_step + 1)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write figures at a step."""
        values = [Summary.Value(tag=name, simple_value=value) for name, value in figures.items()]
        self._write(Event(summary=Summary(value=values)), step)
        self._writer.flush()

    def close(self, *, finished: bool) -> None:
        """Write what is left."""
        self._writer.close()

    def _write(self, event: Event, step: int) -> None:
        event.wall_time, event.step = time.time(), step
        self._writer.add_event(event)
