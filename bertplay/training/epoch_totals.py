"""What is summed up over the steps of an epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.checks.stretch import Stretch


@dataclass(frozen=True)
class Means:
    """Of an epoch: the loss and the figures over the rows, the gradient norm over the steps.

    Attributes:
        loss: of the rows.
        figures: by name.
        gradient_norm: of the steps.
        stretches: of the steps.
    """

    loss: float
    figures: Mapping[str, float]
    gradient_norm: float
    stretches: tuple[Stretch, ...]


@dataclass
class StretchSums:
    """Sums over the steps of a stretch so far: losses, squared ones, groups' gradient norms."""

    steps: int = 0
    loss: float = 0.0
    squares: float = 0.0
    gradient_norms: dict[str, float] = field(default_factory=dict)

    def add(self, loss: float, gradient_norms: Mapping[str, float]) -> None:
        """Take in one step."""
        self.steps += 1
        self.loss += loss
        self.squares += loss * loss
        for name, norm in gradient_norms.items():
            self.gradient_norms[name] = self.gradient_norms.get(name, 0.0) + norm

    def means(self) -> Stretch:
        """Over the steps so far."""
        mean = self.loss / self.steps
        deviation = math.sqrt(max(self.squares / self.steps - mean * mean, 0.0))
        norms = {name: norm / self.steps for name, norm in self.gradient_norms.items()}
        return Stretch(self.steps, mean, deviation, norms)


@dataclass
class EpochTotals:
    """Sums over the steps of an epoch so far.

    Attributes:
        rows: trained on.
        steps: done.
        loss: each row's batch's, summed.
        gradient_norm: summed over the steps.
        figures: by name, a sum over rows and the number of them.
        stretches: number of a stretch to its sums.
    """

    rows: int = 0
    steps: int = 0
    loss: float = 0.0
    gradient_norm: float = 0.0
    figures: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    stretches: dict[int, StretchSums] = field(default_factory=dict)

    def add(
        self,
        rows: int,
        loss: float,
        gradient_norm: float,
        figures: Mapping[str, NDArray[Any]],
        stretch: int,
        gradient_norms: Mapping[str, float],
    ) -> None:
        """Take in one step.

        Args:
            rows: of the step.
            loss: of the step.
            gradient_norm: of the whole model.
            figures: by name, a sum over rows and the number of them.
            stretch: the number of the one that the step belongs to.
            gradient_norms: of each group of parameters.
        """
        self.stretches.setdefault(stretch, StretchSums()).add(loss, gradient_norms)
        self.rows += rows
        self.steps += 1
        self.loss += loss * rows
        self.gradient_norm += gradient_norm
        for name, pair in figures.items():
            self.figures[name] = self.figures.get(name, np.zeros(2)) + pair

    def means(self) -> Means:
        """Over the rows and steps so far."""
        figures = {
            name: float(total / max(count, 1)) for name, (total, count) in self.figures.items()
        }
        return Means(
            self.loss / max(self.rows, 1),
            figures,
            self.gradient_norm / max(self.steps, 1),
            tuple(self.stretches[number].means() for number in sorted(self.stretches)),
        )

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON, which keeps every bit of a float."""
        return {
            "rows": self.rows,
            "steps": self.steps,
            "loss": self.loss,
            "gradient_norm": self.gradient_norm,
            "figures": {name: pair.tolist() for name, pair in self.figures.items()},
            # JSON has texts for keys.
            "stretches": [[number, vars(sums)] for number, sums in self.stretches.items()],
        }

    @staticmethod
    def from_dict(stored: Mapping[str, Any]) -> EpochTotals:
        """What `as_dict` gave."""
        figures = {name: np.array(pair) for name, pair in stored["figures"].items()}
        stretches = {number: StretchSums(**sums) for number, sums in stored["stretches"]}
        return EpochTotals(**{**stored, "figures": figures, "stretches": stretches})
