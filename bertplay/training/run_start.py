"""How a run begins: a new run directory, or an unfinished one to go on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertplay import run_directory
from bertplay.data.errors import InputError
from bertplay.options import RECORDED, TrainOptions
from bertplay.run_lock import run_lock
from bertplay.training.checkpoints import Checkpoints
from bertplay.training.loop_state import LoopState
from bertplay.training.recorded import TABLES, differences
from bertplay.training.view import SilentView


@dataclass(frozen=True)
class Origin:
    """Whether a run is new, and what is known of the one it repeats or goes on with.

    Attributes:
        resume: the options' output is an unfinished run to go on with.
        recorded: what its config.yaml, or that of the run to repeat, says beside the options.
    """

    resume: bool = False
    recorded: Mapping[str, Any] | None = None


NEW = Origin()


def output_of(options: TrainOptions, task: str, loss: str, origin: Origin) -> Path:
    """The run directory, which may be written; nothing is changed yet.

    Raises:
        InputError: it holds something that may not be replaced, or cannot be written.
    """
    output = run_directory.choose_output(options.output, task, loss)
    if not origin.resume:
        run_directory.require_writable(output, overwrite=options.overwrite)
    return output


def compare_with_recorded(origin: Origin, now: Mapping[str, Any], view: SilentView) -> None:
    """Tell what has changed since the run was recorded that this one repeats or goes on with.

    Args:
        origin: of the run.
        now: of `recorded_facts`.
        view: is warned of what has changed.

    Raises:
        InputError: a run cannot go on, as its table has changed.
    """
    changed = differences(origin.recorded or {}, now)
    if origin.resume and (tables := [name for name in TABLES if name in changed]):
        which = "training" if tables[0] == TABLES[0] else "validation"
        raise InputError(
            f"the {which} table is not the one that the run was started with (SHA-256 "
            f"{changed[tables[0]]}): put the old one back, or start a new run with --config"
        )
    if changed:
        facts = "; ".join(f"{name} {change}" for name, change in changed.items())
        view.warned(f"not as when the run was recorded, so figures may differ: {facts}")


@contextmanager
def started_run(
    output: Path,
    options: TrainOptions,
    config: Mapping[str, Any],
    save: Callable[[Path], None],
    origin: Origin,
    view: SilentView,
) -> Iterator[tuple[Checkpoints, LoopState | None]]:
    """Hold the run directory; write config.yaml of a new run, or read the state of an old one.

    Args:
        output: the run directory.
        options: of the run, complete.
        config: what config.yaml is to hold.
        save: writes the model as it is into a folder.
        origin: whether the run is new.
        view: is warned of damaged checkpoints.

    Yields:
        What writes the run's files, and the state to go on from; None starts from the beginning.

    Raises:
        InputError: another process writes the run, or has written it just now.
    """
    with run_lock(output):
        checkpoints = Checkpoints(output, save, keep=options.keep, states=options.keep_checkpoints)
        if origin.resume:
            yield checkpoints, checkpoints.resume(view.warned)
            return
        # Another process may have finished a run here since the first look.
        run_directory.require_writable(output, overwrite=options.overwrite)
        run_directory.clear_run(output)
        run_directory.write_config(output, dict(config))
        yield checkpoints, None


def with_recorded(config: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The options of config.yaml and what it says beside them."""
    return {**config, RECORDED: dict(facts)}
