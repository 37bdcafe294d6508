"""Stretches of an epoch: what is kept of the steps' losses and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

STRETCHES = 10
"""An epoch's steps are kept as so many means, however many there are."""


@dataclass(frozen=True)
class Stretch:
    """Steps of an epoch that follow each other.

    Attributes:
        steps: how many.
        loss: mean over the steps.
        deviation: standard deviation of the steps' losses.
        gradient_norms: group of parameters to its mean norm, before clipping.
    """

    steps: int
    loss: float
    deviation: float
    gradient_norms: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def mean_norms(stretches: tuple[Stretch, ...]) -> dict[str, float]:
    """Group of parameters to its mean norm over all steps."""
    steps = sum(stretch.steps for stretch in stretches)
    names = dict.fromkeys(name for stretch in stretches for name in stretch.gradient_norms)
    return {
        name: sum(part.steps * part.gradient_norms.get(name, 0.0) for part in stretches) / steps
        for name in names
    }
