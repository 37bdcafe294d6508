"""How good probabilities are: the figures that stand before and after a calibration."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.diagnostics.calibration_figures import calibration_figures
from bertplay.metrics import log_loss


@dataclass(frozen=True)
class ProbabilityFigures:
    """Figures of N rows' probabilities.

    Attributes:
        accuracy: share of the rows whose likeliest class is the label.
        ece: expected calibration error, over bins of equal width.
        adaptive_ece: the same over bins of equally many rows.
        brier: mean of `(confidence - right)^2`, right being 1 or 0.
        log_loss: mean of `-log p_label`, in nats.
    """

    accuracy: float
    ece: float
    adaptive_ece: float
    brier: float
    log_loss: float

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def probability_figures(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> ProbabilityFigures:
    """The figures.

    Args:
        probabilities: `[N, C]`, rows that sum to 1.
        labels: `[N]`, from 0 to C - 1.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    found = calibration_figures(confidence, right)
    return ProbabilityFigures(
        accuracy=float(right.mean()),
        ece=found.ece,
        adaptive_ece=found.adaptive_ece,
        brier=found.brier,
        log_loss=log_loss(probabilities, labels),
    )
