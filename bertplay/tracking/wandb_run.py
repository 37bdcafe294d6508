"""A run in Weights & Biases."""

from __future__ import annotations

from collections.abc import Mapping

import wandb

from bertplay.tracking.tracker import TrackedRun

PROJECT = "bertplay"
"""Where WANDB_PROJECT names no other."""


class WandbRun:
    """A `Tracker`; WANDB_MODE, WANDB_PROJECT and the like are wandb's own.

    Args:
        run: what is tracked.
    """

    def __init__(self, run: TrackedRun) -> None:
        # What the terminal shows is drawn anew all the time, so it is not copied to the server.
        settings = wandb.Settings(console="off")
        if settings.project is None:
            settings.project = PROJECT
        self._run = wandb.init(
            name=run.folder.name,
            id=run.identity,
            resume=None if run.identity is None else "allow",
            dir=str(run.folder),
            config=dict(run.options),
            settings=settings,
        )
        self.identity: str | None = self._run.id
        # wandb's own step only rises, and a resumed run goes back to its checkpoint.
        self._run.define_metric("*", step_metric="step")

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Log figures at a step."""
        self._run.log({**figures, "step": step})

    def close(self, *, finished: bool) -> None:
        """Wait until all is sent."""
        self._run.finish(exit_code=0 if finished else 1)
