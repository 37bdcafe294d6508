"""What the trainings of a comparison tell whoever watches them."""

from __future__ import annotations

from collections.abc import Callable

from bertplay.training.view import Plan, SilentView


class SilentTrainings:
    """Shows nothing; the command line's views override what they show."""

    def began(self, done: int, total: int) -> None:
        """So many of all trainings are finished already, by an earlier call."""

    def advanced(self, name: str, share: float) -> None:
        """The training in progress has done a share of its steps; not told of several at once."""

    def ended(self, name: str) -> None:
        """A training is finished and kept."""


class ShareOfSteps(SilentView):
    """Tells how much of one training is done.

    Args:
        tell: is told a share from 0 to 1.
    """

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell
        self._steps = 0

    def planned(self, plan: Plan) -> None:
        """Nothing is done yet."""
        self._steps = plan.steps_per_epoch * plan.epochs
        self._tell(0.0)

    def stepped(self, epoch: int, step: int, loss: float, learning_rate: float) -> None:
        """So many steps are done."""
        self._tell(step / self._steps)
