"""A run's figures on their way to trackers, beside whoever watches it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bertplay.atomic_files import write_json
from bertplay.checks.result import CheckResult
from bertplay.data.errors import InputError
from bertplay.tracking.figures import tracked_figures
from bertplay.tracking.tracker import TrackedRun, Tracker
from bertplay.training.view import EpochRecord, Plan, SilentView

IDENTITIES = "tracking.json"
"""In the run directory: tracker to its run, for resuming."""


@contextmanager
def tracked(
    view: SilentView,
    trackers: Sequence[str],
    folder: Path,
    options: Mapping[str, Any],
    first_step: int,
) -> Iterator[SilentView]:
    """A view that passes on what it is told, and takes the figures to trackers.

    Args:
        view: whoever watches.
        trackers: names of `TRACKERS` whose libraries are installed; none gives the view itself.
        folder: the run directory.
        options: as config.yaml has them.
        first_step: optimizer steps that are done already, where a run goes on.

    Raises:
        InputError: a tracker takes no run, such as one whose server does not answer.
    """
    if not trackers:
        yield view
        return
    known = _identities(folder) if first_step else {}
    tracking = TrackedView(view)
    finished = False
    try:
        for name in trackers:
            run = TrackedRun(folder, options, first_step, known.get(name))
            tracking.trackers[name] = _opened(name, run)
        write_json(
            folder / IDENTITIES,
            {name: tracker.identity for name, tracker in tracking.trackers.items()},
        )
        yield tracking
        finished = True
    finally:
        tracking.close(finished=finished)


class TrackedView(SilentView):
    """Tells another view everything, and trackers the figures.

    A tracker that fails is let go with a warning: training goes on, as metrics.jsonl has it all.

    Args:
        view: the other view.
    """

    def __init__(self, view: SilentView) -> None:
        self._view = view
        self.trackers: dict[str, Tracker] = {}

    def close(self, *, finished: bool) -> None:
        """Close the trackers."""
        self._each(lambda tracker: tracker.close(finished=finished))

    def taught(self, rows: int, total: int) -> None:
        """Pass on."""
        self._view.taught(rows, total)

    def planned(self, plan: Plan) -> None:
        """Pass on."""
        self._view.planned(plan)

    def checked(self, checks: tuple[CheckResult, ...]) -> None:
        """Pass on."""
        self._view.checked(checks)

    def unfrozen(self, epoch: int, frozen: str, trainable: int) -> None:
        """Pass on."""
        self._view.unfrozen(epoch, frozen, trainable)

    def cached(self, rows: int, total: int) -> None:
        """Pass on."""
        self._view.cached(rows, total)

    def stepped(self, epoch: int, step: int, loss: float, learning_rate: float) -> None:
        """Pass on and track."""
        self._view.stepped(epoch, step, loss, learning_rate)
        self._log({"step/loss": loss, "step/learning_rate": learning_rate}, step)

    def evaluated(self, record: EpochRecord[Any]) -> None:
        """Pass on and track."""
        self._view.evaluated(record)
        self._log(tracked_figures(record.as_dict()), record.step)

    def warned(self, message: str) -> None:
        """Pass on."""
        self._view.warned(message)

    def finished(self, summary: dict[str, Any]) -> None:
        """Pass on."""
        self._view.finished(summary)

    def _log(self, figures: Mapping[str, float], step: int) -> None:
        self._each(lambda tracker: tracker.log(figures, step))

    def _each(self, act: Callable[[Tracker], None]) -> None:
        for name in list(self.trackers):
            self._try(name, act)

    def _try(self, name: str, act: Callable[[Tracker], None]) -> None:
        try:
            act(self.trackers[name])
        except Exception as error:  # each library and each network has errors of its own
            self._let_go(name, error)

    def _let_go(self, name: str, error: Exception) -> None:
        del self.trackers[name]
        self._view.warned(
            f"{name} takes no more figures ({_first_line(error)}); training goes on, and "
            "metrics.jsonl has all of them"
        )


def _opened(name: str, run: TrackedRun) -> Tracker:
    # Loaded only here, as each brings a library along that only its users have.
    if name == "tensorboard":
        from bertplay.tracking.tensorboard_files import TensorBoardFiles

        return TensorBoardFiles(run)
    try:
        if name == "wandb":
            from bertplay.tracking.wandb_run import WandbRun

            return WandbRun(run)
        from bertplay.tracking.mlflow_run import MlflowRun

        return MlflowRun(run)
    except Exception as error:  # each library and each network has errors of its own
        raise InputError(
            f"--track {name}: no run could be started ({_first_line(error)}): see docs/tracking.md "
            f"for {name}'s own settings, or leave the option out"
        ) from None


def _identities(folder: Path) -> dict[str, str | None]:
    """What the run that goes on was called in its trackers."""
    path = folder / IDENTITIES
    if not path.is_file():
        return {}
    known: dict[str, str | None] = json.loads(path.read_text(encoding="utf-8"))
    return known


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
