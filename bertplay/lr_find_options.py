"""What `bertplay lr-find` can be told beside the options of the run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import get_type_hints

from bertplay.option_values import plain_value
from bertplay.options import option, require

FORMATS = ("svg", "png")


@dataclass(frozen=True)
class LrFindOptions:
    """The options of a learning-rate range test.

    Raises:
        InputError: an option is of the wrong type or outside its range.
    """

    first_lr: float = option(1e-6, "Learning rate of the first step.", group="Range test")
    last_lr: float = option(1.0, "Learning rate of the last step.", group="Range test")
    steps: int = option(
        100, "Steps, at most; the test ends when the loss diverges.", group="Range test"
    )
    plot: str = option("svg", "Format of the picture.", choices=FORMATS, group="Range test")

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is read; keep the rest as plain values."""
        hints = get_type_hints(LrFindOptions)
        for declared in fields(self):
            plain = plain_value(declared.name, getattr(self, declared.name), hints[declared.name])
            object.__setattr__(self, declared.name, plain)  # the dataclass is frozen
        require(
            0 < self.first_lr < self.last_lr <= 100,
            f"first_lr is {self.first_lr:g} and last_lr {self.last_lr:g}: the first must be above "
            "0 and below the last, which is at most 100",
        )
        require(self.steps >= 4, f"steps is {self.steps}: it must be at least 4")
        require(self.plot in FORMATS, f"plot is {self.plot!r}: choose svg or png")
