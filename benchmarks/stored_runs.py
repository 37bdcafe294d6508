"""The runs of a benchmark in a JSON file, so that an interrupted one continues where it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertplay import InputError
from bertplay.atomic_files import write_json

Record = dict[str, Any]


class StoredRuns:
    """Results by the settings that made them, written whole after each run.

    Args:
        path: the file, read if it is there; None keeps the runs in memory only.

    Raises:
        InputError: the file is no file of this class; it is left as it is.
    """

    def __init__(self, path: Path | None):
        self._path = path
        self._runs: dict[str, Record] = {}
        if path is not None and path.exists():
            for run in _read(path):
                self._runs[_key(run["settings"])] = run

    def __len__(self) -> int:
        return len(self._runs)

    def find(self, settings: Mapping[str, Any]) -> Record | None:
        """The result of a run with exactly these settings, if there is one."""
        run = self._runs.get(_key(settings))
        return None if run is None else run["result"]

    def add(self, settings: Mapping[str, Any], result: Record) -> None:
        """Keep a result; an older one of the same settings is replaced."""
        self._runs[_key(settings)] = {"settings": dict(settings), "result": result}
        if self._path is not None:
            write_json(self._path, {"runs": list(self._runs.values())})


def _key(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True)


def _read(path: Path) -> list[Record]:
    try:
        runs: list[Record] = json.loads(path.read_text(encoding="utf-8"))["runs"]
        if all({"settings", "result"} <= set(run) for run in runs):
            return runs
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InputError(f"--json {path} holds no runs of a benchmark: name another file")
