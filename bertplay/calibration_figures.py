"""Numbers beside the reliability diagram: how far confidence is from accuracy, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bertplay.metrics import CALIBRATION_BINS, expected_calibration_error


@dataclass(frozen=True)
class CalibrationFigures:
    """Figures of the confidence of N predictions.

    Attributes:
        ece: expected calibration error, over bins of equal width.
        adaptive_ece: the same over bins of equally many rows.
        brier: mean of `(confidence - right)^2`, right being 1 or 0.
        reliability: part of it that is miscalibration, 0 where each bin is as right as it is sure.
        resolution: part that it lacks because surer bins are right more often.
        uncertainty: part that any constant confidence has, `a (1 - a)` for the accuracy a.
    """

    ece: float
    adaptive_ece: float
    brier: float
    reliability: float
    resolution: float
    uncertainty: float


def calibration_figures(
    confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]
) -> CalibrationFigures:
    """The figures of N predictions.

    `brier = reliability - resolution + uncertainty`, up to the spread of the confidence within a
    bin, over bins of equally many rows: `sum_b n_b / N (c_b - a_b)^2` for the mean confidence c_b
    and the accuracy a_b of a bin, `sum_b n_b / N (a_b - a)^2`, and `a (1 - a)`.

    Args:
        confidence: `[N]`, from 0 to 1.
        right: `[N]`.

    Reference:
        Murphy, A New Vector Partition of the Probability Score, 1973. Nixon et al., Measuring
        Calibration in Deep Learning, 2019.
    """
    order = np.argsort(confidence, kind="stable")
    bins = [rows for rows in np.array_split(order, CALIBRATION_BINS) if rows.size]
    share = np.array([rows.size for rows in bins]) / len(confidence)
    sure = np.array([confidence[rows].mean() for rows in bins])
    accurate = np.array([right[rows].mean() for rows in bins])
    accuracy = float(right.mean())
    return CalibrationFigures(
        ece=expected_calibration_error(confidence, right),
        adaptive_ece=float(share @ np.abs(sure - accurate)),
        brier=float(((confidence - right) ** 2).mean()),
        reliability=float(share @ (sure - accurate) ** 2),
        resolution=float(share @ (accurate - accuracy) ** 2),
        uncertainty=accuracy * (1 - accuracy),
    )
