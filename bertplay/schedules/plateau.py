"""A rate that drops when the validation figure stops getting better."""

from __future__ import annotations

from collections.abc import Mapping

from bertplay.schedules.schedule import Schedule
from bertplay.schedules.warmup import warmed_up


class PlateauSchedule(Schedule):
    """Multiply the rate by a factor after too many epochs without a better score.

    An epoch is better when its score exceeds the best one by more than `threshold` of that one's
    size. After `patience` epochs that are not, the next such epoch drops the rate, never below
    `min_lr`, and the count starts again.

    Args:
        peak: the rate at the start.
        rising: steps of the warm-up.
        factor: of each drop.
        patience: epochs without a better score that are borne.
        threshold: part of the best score that a better one must exceed it by.
        min_lr: the lowest rate, at most the peak.
    """

    def __init__(
        self,
        peak: float,
        rising: int,
        *,
        factor: float,
        patience: int,
        threshold: float,
        min_lr: float,
    ) -> None:
        super().__init__(warmed_up(lambda step: self._level, rising))
        self._factor, self._patience = factor, patience
        self._threshold, self._min_lr = threshold, min_lr
        self._level = peak
        self._best: float | None = None
        self._bad_epochs = 0

    def after_epoch(self, score: float) -> None:
        """Hear how good the model is after an epoch; larger is better."""
        best = self._best
        if best is None or score > best + self._threshold * abs(best):
            self._best, self._bad_epochs = score, 0
            return
        self._bad_epochs += 1
        if self._bad_epochs > self._patience:
            self._level = max(self._level * self._factor, self._min_lr)
            self._bad_epochs = 0

    def state(self) -> dict[str, float | int]:
        """The rate reached, the epochs since the best one, and its score once there is one."""
        state: dict[str, float | int] = {"level": self._level, "bad_epochs": self._bad_epochs}
        return state if self._best is None else {**state, "best": self._best}

    def load_state(self, state: Mapping[str, float | int]) -> None:
        """Go on from a state."""
        self._level, self._bad_epochs = float(state["level"]), int(state["bad_epochs"])
        self._best = float(state["best"]) if "best" in state else None
