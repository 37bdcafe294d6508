"""One process writes a run directory, never two."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bertplay.data.errors import InputError

LOCK = ".lock"


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the right to write a run directory, which is made if it is missing.

    The system takes the right back when the process ends, however it ends.

    Raises:
        InputError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before may have removed the file between opening and locking.
            ours = path.exists() and os.path.samestat(os.fstat(handle), path.stat())
        except OSError:
            ours = False
        if not ours:
            raise InputError(
                f"{folder} is being written by another process: wait for it, or name another "
                f"folder with --output"
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(handle)
