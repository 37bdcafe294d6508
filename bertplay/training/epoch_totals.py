"""What is summed up over the steps of an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Means:
    """Of an epoch: the loss and the figures over the rows, the gradient norm over the steps."""

    loss: float
    figures: Mapping[str, float]
    gradient_norm: float


@dataclass
class EpochTotals:
    """Sums over the steps of an epoch so far.

    Attributes:
        rows: trained on.
        steps: done.
        loss: each row's batch's, summed.
        gradient_norm: summed over the steps.
        figures: by name, a sum over rows and the number of them.
    """

    rows: int = 0
    steps: int = 0
    loss: float = 0.0
    gradient_norm: float = 0.0
    figures: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def add(
        self, rows: int, loss: float, gradient_norm: float, figures: Mapping[str, NDArray[Any]]
    ) -> None:
        """Take in one step."""
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
            self.loss / max(self.rows, 1), figures, self.gradient_norm / max(self.steps, 1)
        )

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON, which keeps every bit of a float."""
        return {
            "rows": self.rows,
            "steps": self.steps,
            "loss": self.loss,
            "gradient_norm": self.gradient_norm,
            "figures": {name: pair.tolist() for name, pair in self.figures.items()},
        }

    @staticmethod
    def from_dict(stored: Mapping[str, Any]) -> EpochTotals:
        """What `as_dict` gave."""
        figures = {name: np.array(pair) for name, pair in stored["figures"].items()}
        return EpochTotals(**{**stored, "figures": figures})
