"""A finished run's files, as far as a report needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertplay import run_directory
from bertplay.data.errors import InputError

_NEEDED = ("data", "validation", "baseline", "best_epoch", "epochs_run", "environment", "backbone")
"""Of summary.json, what every run has."""


@dataclass(frozen=True)
class RunFiles:
    """What a run has written.

    Attributes:
        folder: the run directory.
        summary: the contents of summary.json.
        config: the contents of config.yaml.
        records: the lines of metrics.jsonl, one an epoch.
    """

    folder: Path
    summary: Mapping[str, Any]
    config: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]


def read_run_files(folder: Path) -> RunFiles:
    """Read them.

    Raises:
        InputError: the folder holds no finished run, or a file of it is damaged.
    """
    try:
        config = run_directory.read_config(folder)
    except InputError:
        raise InputError(
            f"{folder} is no run of bertplay: name the folder that holds its config.yaml"
        ) from None
    try:
        summary = json.loads((folder / run_directory.SUMMARY).read_text(encoding="utf-8"))
        # Not splitlines: the name of a class may hold U+0085 or another of its line breaks.
        lines = (folder / run_directory.METRICS).read_text(encoding="utf-8").split("\n")
        records = [json.loads(line) for line in lines if line]
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} is not a finished run, it has no {Path(str(error.filename)).name}: finish "
            f"it with bertplay train --resume {folder}"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: summary.json or metrics.jsonl is damaged: {error}") from None
    _require_complete(folder, summary, records)
    return RunFiles(folder, summary, config, records)


def _require_complete(folder: Path, summary: Any, records: Sequence[Any]) -> None:
    """Refuse files that were cut or edited, before they are read in a hundred places."""
    missing = (
        [name for name in _NEEDED if name not in summary]
        if isinstance(summary, dict)
        else list(_NEEDED)
    )
    if missing:
        raise InputError(
            f"{folder / run_directory.SUMMARY} is damaged, it lacks {missing[0]!r}: train the run "
            "again"
        )
    for line, record in enumerate(records, 1):
        if not isinstance(record, dict) or not {"epoch", "validation"} <= record.keys():
            raise InputError(
                f"{folder / run_directory.METRICS}, line {line}, is damaged, it is no epoch of a "
                "run: train the run again"
            )
