"""Complete training states on disk: whole or not there, and known to be undamaged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
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
        # Of the state written last: each mapping, its file and the file's hash.
        self._written: dict[str, tuple[Mapping[str, mx.array], Path, str]] = {}

    def write(self, state: LoopState) -> Path:
        """Write a state and remove the oldest that are too many; returns the new folder."""
        self._remove_leftovers()
        target = self._folder / f"{_PREFIX}{state.step:08d}"
        written = {}

        def write(folder: Path) -> None:
            hashes = {}
            for name, arrays in state.arrays.items():
                path = folder / f"{name}{_SUFFIX}"
                hashes[path.name] = self._write_arrays(name, arrays, path)
                written[name] = (arrays, target / path.name, hashes[path.name])
            facts = json.dumps(dict(state.facts), allow_nan=False)
            hashes[FACTS] = _write_synced(folder / FACTS, facts.encode())
            _write_synced(folder / MANIFEST, json.dumps({"sha256": hashes}, indent=2).encode())

        write_folder(target, write)
        self._written = written
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

    def _write_arrays(self, name: str, arrays: Mapping[str, mx.array], path: Path) -> str:
        before = self._written.get(name)
        if before is not None and before[0] is arrays and before[1].exists():
            # The weights of the best epoch are the same in many states.
            try:
                os.link(before[1], path)
                return before[2]
            except OSError:
                pass  # a file system without links: written again
        mx.save_safetensors(str(path), dict(arrays))
        with path.open("rb") as file:
            os.fsync(file.fileno())
        return file_sha256(path)

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


def _write_synced(path: Path, content: bytes) -> str:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(content).hexdigest()
