"""Complete training states on disk: whole or not there, and known to be undamaged."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx

from bertplay.atomic_files import write_folder
from bertplay.data.source_file import file_sha256
from bertplay.training.loop_state import LoopState

MANIFEST, FACTS = "manifest.json", "state.json"
_PREFIX = "step-"
_SUFFIX = ".safetensors"


class DamagedStateError(ValueError):
    """A stored state cannot be trusted; the message names the file and what is wrong with it."""


class StateFolders:
    """The states of one run: `checkpoints/step-00000120` and the like.

    Each holds `state.json`, a safetensors file for each of the state's mappings of arrays, and
    `manifest.json` with the SHA-256 of all of them. A folder gets its name when it is complete.

    Args:
        folder: that holds the states.
        keep: how many of them are kept, the latest; at least 1.
    """

    def __init__(self, folder: Path, *, keep: int) -> None:
        self._folder, self._keep = folder, keep

    def write(self, state: LoopState) -> Path:
        """Write a state and remove the oldest that are too many; returns the new folder."""
        self._remove_leftovers()
        target = self._folder / f"{_PREFIX}{state.step:08d}"

        def write(folder: Path) -> None:
            hashes = {}
            for name, arrays in state.arrays.items():
                path = folder / f"{name}{_SUFFIX}"
                mx.save_safetensors(str(path), dict(arrays))
                hashes[path.name] = _synced(path)
            facts = json.dumps(dict(state.facts), allow_nan=False)
            (folder / FACTS).write_text(facts, encoding="utf-8")
            hashes[FACTS] = _synced(folder / FACTS)
            (folder / MANIFEST).write_text(json.dumps({"sha256": hashes}, indent=2))
            _synced(folder / MANIFEST)

        write_folder(target, write)
        for old in self.all()[: -self._keep]:
            shutil.rmtree(old)
        return target

    def all(self) -> list[Path]:
        """The states there are, the oldest first."""
        if not self._folder.is_dir():
            return []
        return sorted(p for p in self._folder.iterdir() if p.name.startswith(_PREFIX))

    def latest(self, on_damage: Callable[[str], None]) -> LoopState | None:
        """The latest undamaged state; None where there is none.

        Args:
            on_damage: is told, in a sentence, of each damaged one that is passed over.
        """
        for folder in reversed(self.all()):
            try:
                return read_state(folder)
            except DamagedStateError as error:  # noqa: PERF203
                on_damage(f"{error}; the checkpoint before it is used, if there is one")
        return None

    def _remove_leftovers(self) -> None:
        """Half-written states of a process that was killed; only one process writes a run."""
        if self._folder.is_dir():
            for path in self._folder.glob(f".{_PREFIX}*"):
                shutil.rmtree(path, ignore_errors=True)


def read_state(folder: Path) -> LoopState:
    """The state in a folder.

    Raises:
        DamagedStateError: a file is missing or is not what was written.
    """
    try:
        hashes = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["sha256"]
        items = sorted(hashes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedStateError(f"{folder / MANIFEST} cannot be read ({error})") from None
    for name, expected in items:
        path = folder / name
        if not path.is_file():
            raise DamagedStateError(f"{path} is missing")
        if file_sha256(path) != expected:
            raise DamagedStateError(f"{path} is damaged: its SHA-256 is not that of the manifest")
    if FACTS not in hashes:
        raise DamagedStateError(f"{folder / MANIFEST} does not name {FACTS}")
    facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    arrays = {}
    for name in hashes:
        if name.endswith(_SUFFIX):
            loaded = mx.load(str(folder / name))
            assert isinstance(loaded, dict)
            arrays[name.removesuffix(_SUFFIX)] = loaded
    # Read now: the file may be gone when a lazy array is asked for its values.
    mx.eval(arrays)
    return LoopState(arrays, facts)


def _synced(path: Path) -> str:
    """The SHA-256 of a file that is on the disk now, and not only in the system's memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return file_sha256(path)
