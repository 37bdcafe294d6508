"""Going on with a run that was killed or interrupted."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from bertplay import run_directory
from bertplay.options import RECORDED, from_mapping
from bertplay.training.run import train
from bertplay.training.run_start import Origin
from bertplay.training.view import SilentView


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
    """
    view = view or SilentView()
    folder = Path(run).expanduser()
    values = run_directory.read_config(folder)
    finished = folder / run_directory.SUMMARY
    if finished.is_file():
        summary: dict[str, Any] = json.loads(finished.read_text(encoding="utf-8"))
        view.warned(f"{folder} is finished, there is nothing to go on with")
        view.finished(summary)
        return summary
    options = from_mapping({**values, "output": str(folder)}, folder / run_directory.CONFIG)
    return train(options, view, origin=Origin(resume=True, recorded=values.get(RECORDED)))
