"""What a run says of itself in summary.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from bertplay.data.errors import InputError
from bertplay.run_directory import SUMMARY


def run_summary(run: str | PathLike[str]) -> Mapping[str, Any] | None:
    """The summary of a run directory, also by its `model` or `adapter` folder.

    Args:
        run: any of these.

    Returns:
        None for a model that lies alone.

    Raises:
        InputError: the file is damaged.
    """
    given = Path(run).expanduser().absolute()
    within = given.parent if given.name in ("model", "adapter") else given
    path = within / SUMMARY
    if not path.is_file():
        return None
    try:
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        # Every part that the card reads, so that a damaged file is told now.
        _ = (summary["validation"]["per_class"], summary["data"]["class_counts"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}): train the run again") from None
    return summary
