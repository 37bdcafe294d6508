"""What a run writes while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bertplay import run_directory
from bertplay.training.loop_state import LoopState
from bertplay.training.state_folders import StateFolders
from bertplay.training.view import EpochRecord


class Checkpoints:
    """Writes metrics.jsonl, the model worth keeping, and the complete states to go on from.

    Args:
        output: the run directory.
        save: writes the model as it is into a folder.
        keep: "best" or "last", the epoch whose weights become the model.
        states: how many complete states are kept.
    """

    def __init__(
        self, output: Path, save: Callable[[Path], None], *, keep: str, states: int
    ) -> None:
        self._output, self._save_model, self._keep = output, save, keep
        self._states = StateFolders(output / run_directory.CHECKPOINTS, keep=states)
        self._epoch: int | None = None

    def resume(self, on_damage: Callable[[str], None]) -> LoopState | None:
        """The latest undamaged state, after which all that was written is forgotten.

        Args:
            on_damage: is told, in a sentence, of each damaged one that is passed over.
        """
        state = self._states.latest(on_damage)
        history = [] if state is None else state.facts["history"]
        run_directory.rewrite_metrics(self._output, history)
        self._epoch = None if state is None else state.facts["chosen_epoch"]
        return state

    def after_epoch(self, record: EpochRecord[Any]) -> None:
        """Write the epoch down, and the model where it is to be kept."""
        run_directory.append_metrics(self._output, record.as_dict())
        if record.is_best or self._keep == "last":
            self._save_model(self._model_folder())
            self._epoch = record.epoch

    def save_state(self, state: LoopState) -> None:
        """Write the complete state, and remove the oldest that are too many."""
        self._states.write(state)

    def how_to_go_on(self) -> str:
        """For the user of an interrupted run."""
        return how_to_go_on(self._output)

    def last_good(self) -> str:
        """What a failed run leaves to the user."""
        if self._epoch is None:
            return "no epoch was finished, so there is no checkpoint"
        return f"the last good checkpoint, of epoch {self._epoch}, is {self._model_folder()}"

    def _model_folder(self) -> Path:
        return self._output / run_directory.CHECKPOINTS / self._keep


def how_to_go_on(output: Path) -> str:
    """With a run that has ended early, in a sentence for the user."""
    return f"go on with: bertplay train --resume {output}"
