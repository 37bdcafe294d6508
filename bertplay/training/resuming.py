"""Going on with a run that was killed or interrupted."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from bertplay import run_directory
from bertplay.distributed.agreement import from_first, together
from bertplay.distributed.process_group import process_group
from bertplay.options import RECORDED, from_mapping
from bertplay.training.run import train
from bertplay.training.run_start import Origin
from bertplay.training.view import SilentView


@together
def resume(run: str | PathLike[str], view: SilentView | None = None) -> dict[str, Any]:
    """Go on with an unfinished run; it ends bitwise as if it had never stopped.

    Args:
        run: its directory. Without a checkpoint it starts from the beginning; a run that is
            finished is left as it is.
        view: is told what happens; by default nobody is.

    Returns:
        The summary, as in summary.json.

    Raises:
        InputError: the folder holds no run, its tables have changed, or another process writes it.
        TrainingFailedError: a loss or gradient was not finite; the last good checkpoint stays.
        TrainingInterruptedError: Ctrl-C; the complete state was saved first.
        ProcessLostError: of several processes, another one has ended.
    """
    group = process_group()
    view = view if view is not None and group.first else SilentView()
    folder = Path(run).expanduser()

    def read() -> str:
        finished = folder / run_directory.SUMMARY
        done = json.loads(finished.read_text(encoding="utf-8")) if finished.is_file() else None
        return json.dumps([run_directory.read_config(folder), done])

    values, summary = json.loads(from_first(group, read))
    if summary is not None:
        view.warned(f"{folder} is finished, there is nothing to go on with")
        view.finished(summary)
        finished: dict[str, Any] = summary
        return finished
    options = from_mapping({**values, "output": str(folder)}, folder / run_directory.CONFIG)
    return train(options, view, origin=Origin(resume=True, recorded=values.get(RECORDED)))
