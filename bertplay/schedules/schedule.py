"""A learning rate for every step of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Curve = Callable[[int], float]
"""From the number of a step, from 0, to the learning rate."""


class Schedule:
    """The learning rate by the step, of a schedule that looks at nothing else.

    Args:
        curve: the rate of each step.
    """

    def __init__(self, curve: Curve) -> None:
        self._curve = curve

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        return self._curve(step)

    def after_epoch(self, score: float) -> None:
        """Hear how good the model is after an epoch; larger is better."""

    def state(self) -> dict[str, float | int]:
        """What was learned from the scores; empty where nothing is."""
        return {}

    def load_state(self, state: Mapping[str, float | int]) -> None:
        """Go on from a state."""
