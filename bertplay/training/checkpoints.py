"""What a run writes after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bertplay import run_directory
from bertplay.training.view import EpochRecord


class Checkpoints:
    """Writes metrics.jsonl and the weights worth keeping while a run goes on.

    Args:
        output: the run directory.
        save: writes the model as it is into a folder.
        keep: "best" or "last", the epoch whose weights become the model.
    """

    def __init__(self, output: Path, save: Callable[[Path], None], *, keep: str) -> None:
        self._output, self._save_model, self._keep = output, save, keep
        self._epoch: int | None = None

    def after_epoch(self, record: EpochRecord[Any]) -> None:
        """Write the epoch down, and its weights where they are to be kept."""
        run_directory.append_metrics(self._output, record.as_dict())
        if record.is_best or self._keep == "last":
            self._save(self._keep)
            self._epoch = record.epoch

    def save_interrupted(self) -> str:
        """Write the weights as they are; returns where, for the user."""
        return f"the weights so far are in {self._save('interrupted')}"

    def last_good(self) -> str:
        """What a failed run leaves to the user."""
        if self._epoch is None:
            return "no epoch was finished, so there is no checkpoint"
        return f"the last good checkpoint, of epoch {self._epoch}, is {self._folder(self._keep)}"

    def _save(self, name: str) -> Path:
        folder = self._folder(name)
        self._save_model(folder)
        return folder

    def _folder(self, name: str) -> Path:
        return self._output / "checkpoints" / name
