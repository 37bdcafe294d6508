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
        within_bins: part that comes of the confidence differing inside of bins.
    """

    ece: float
    adaptive_ece: float
    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


def calibration_figures(
    confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]
) -> CalibrationFigures:
    """The figures of N predictions.

    `brier = reliability - resolution + uncertainty + within_bins`, over bins of equally many rows:
    `sum_b n_b / N (c_b - a_b)^2` for the mean confidence c_b and the accuracy a_b of a bin,
    `sum_b n_b / N (a_b - a)^2`, `a (1 - a)`, and for the confidence c_i and the rightness r_i of
    row i `1 / N sum_i ((c_i - c_b)^2 - 2 (c_i - c_b) (r_i - a_b))`.

    Args:
        confidence: `[N]`, from 0 to 1.
        right: `[N]`.

    Reference:
        Murphy, A New Vector Partition of the Probability Score, 1973. Nixon et al., Measuring
        Calibration in Deep Learning, 2019. Stephenson, Coelho, Jolliffe, Two Extra Components in
        the Brier Score Decomposition, 2008 (within_bins).
    """
    order = np.argsort(confidence, kind="stable")
    bins = [rows for rows in np.array_split(order, CALIBRATION_BINS) if rows.size]
    share = np.array([rows.size for rows in bins]) / len(confidence)
    sure = np.array([confidence[rows].mean() for rows in bins])
    accurate = np.array([right[rows].mean() for rows in bins])
    accuracy = float(right.mean())
    inside = [
        (away**2 - 2 * away * (right[rows] - right[rows].mean())).sum()
        for rows in bins
        for away in (confidence[rows] - confidence[rows].mean(),)
    ]
    return CalibrationFigures(
        ece=expected_calibration_error(confidence, right),
        adaptive_ece=float(share @ np.abs(sure - accurate)),
        brier=float(((confidence - right) ** 2).mean()),
        reliability=float(share @ (sure - accurate) ** 2),
        resolution=float(share @ (accurate - accuracy) ** 2),
        uncertainty=accuracy * (1 - accuracy),
        within_bins=float(sum(inside) / len(confidence)),
    )
