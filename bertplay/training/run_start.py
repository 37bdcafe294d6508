"""How a run begins: a new run directory, or an unfinished one to go on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertplay import run_directory
from bertplay.data.errors import InputError
from bertplay.distributed.agreement import from_first, require_same
from bertplay.distributed.lost_process import ends_with_the_others
from bertplay.distributed.process_group import ProcessGroup
from bertplay.options import RECORDED, TrainOptions
from bertplay.run_lock import run_lock
from bertplay.training.checkpoints import Checkpoints, how_to_go_on
from bertplay.training.loop import RunWriter
from bertplay.training.loop_state import LoopState
from bertplay.training.recorded import TABLES, differences
from bertplay.training.shared_state import state_of_first
from bertplay.training.unwritten import Unwritten
from bertplay.training.view import SilentView

PLACES = ("data", "validation", "teacher", "backbone", "output")


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


def output_of(
    options: TrainOptions, task: str, loss: str, origin: Origin, group: ProcessGroup
) -> Path:
    """The run directory, which the first process may write; nothing is changed yet.

    Raises:
        InputError: it holds something that may not be replaced, or cannot be written.
    """

    def choose() -> str:
        output = run_directory.choose_output(options.output, task, loss)
        if not origin.resume:
            run_directory.require_writable(output, overwrite=options.overwrite)
        return str(output)

    return Path(from_first(group, choose))


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
    group: ProcessGroup,
) -> Iterator[tuple[RunWriter, LoopState | None]]:
    """Hold the run directory; write config.yaml of a new run, or read the state of an old one.

    The first process does so; the others get the state from it.

    Args:
        output: the run directory.
        options: of the run, complete.
        config: what config.yaml is to hold.
        save: writes the model as it is into a folder.
        origin: whether the run is new.
        view: is warned of damaged checkpoints.
        group: the processes of the run; where one ends, this raises in the others.

    Yields:
        What writes the run's files, and the state to go on from; None starts from the beginning.

    Raises:
        InputError: another run's process writes the folder, or has written it just now, or the
            processes of this run were given different tables or options.
        ProcessLostError: another process of this run has ended.
    """
    with ExitStack() as held:
        if group.first:
            held.enter_context(run_lock(output))
            # Another process may have finished a run here since the first look.
            if not origin.resume:
                run_directory.require_writable(output, overwrite=options.overwrite)
        require_same(group, _shared_facts(config))
        held.enter_context(ends_with_the_others(group, how_to_go_on(output)))
        resumed: LoopState | None = None
        writer: RunWriter = Unwritten(output)
        if group.first:
            writer = checkpoints = Checkpoints(
                output, save, keep=options.keep, states=options.keep_checkpoints
            )
            if origin.resume:
                resumed = checkpoints.resume(view.warned)
            else:
                run_directory.clear_run(output)
                run_directory.write_config(output, dict(config))
        yield writer, state_of_first(group, resumed)


def with_recorded(config: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The options of config.yaml and what it says beside them."""
    return {**config, RECORDED: dict(facts)}


def _shared_facts(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the processes of a run must agree on; where files lie may differ between machines."""
    recorded = config[RECORDED]
    own = {*PLACES, RECORDED}
    options = {name: value for name, value in config.items() if name not in own}
    return {**options, **{name: recorded[name] for name in TABLES}}
