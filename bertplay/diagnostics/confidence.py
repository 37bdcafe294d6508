"""How sure a model is, and how often it is right: reliability, a histogram, and coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bertplay.diagnostics.ranking import MOST_POINTS
from bertplay.metrics import CALIBRATION_BINS

HISTOGRAM_BINS = 20


@dataclass(frozen=True)
class ReliabilityBin:
    """The rows whose confidence lies in one bin.

    Attributes:
        confidence: their mean confidence.
        accuracy: the share of them that is right.
        rows: how many.
    """

    confidence: float
    accuracy: float
    rows: int


@dataclass(frozen=True)
class ConfidenceHistogram:
    """Numbers of rows by confidence.

    Attributes:
        edges: of B bins of equal width, B + 1 of them, from the least that a confidence can be.
        right: B numbers of right rows.
        wrong: B numbers of wrong rows.
        mean_right: mean confidence of the right rows; None where there are none.
        mean_wrong: of the wrong ones.
    """

    edges: tuple[float, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...]
    mean_right: float | None
    mean_wrong: float | None


@dataclass(frozen=True)
class CoverageCurve:
    """Accuracy where only the surest rows are answered; at most `MOST_POINTS` points.

    Rows of equal confidence are answered together, as no threshold tells them apart.

    Attributes:
        threshold: the least confidence that is answered, falling.
        coverage: share of the rows that are answered.
        accuracy: share of these that are right.
        risk_area: the error averaged over the rows, each with all that are at least as sure (AURC);
            the lower, the better surer rows are told from others.
    """

    threshold: tuple[float, ...]
    coverage: tuple[float, ...]
    accuracy: tuple[float, ...]
    risk_area: float

    def accuracy_at(self, coverage: float) -> float:
        """The accuracy at the first point that answers so large a share of the rows.

        Args:
            coverage: from 0 to 1.
        """
        return self.accuracy[int(np.searchsorted(self.coverage, coverage - 1e-12))]


def reliability_bins(
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    bins: int = CALIBRATION_BINS,
) -> tuple[ReliabilityBin, ...]:
    """The bins of the expected calibration error that have rows, from the least confident on.

    Args:
        confidence: `[N]`, from 0 to 1.
        right: `[N]`.
        bins: of equal width.
    """
    places = np.searchsorted(np.arange(1, bins) / bins, confidence, side="left")
    return tuple(
        ReliabilityBin(
            float(confidence[places == place].mean()),
            float(right[places == place].mean()),
            int((places == place).sum()),
        )
        for place in np.unique(places)
    )


def confidence_histogram(
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    lowest: float,
    bins: int = HISTOGRAM_BINS,
) -> ConfidenceHistogram:
    """Right and wrong rows by confidence.

    Args:
        confidence: `[N]`.
        right: `[N]`.
        lowest: the least that a confidence can be, 1 / C of C classes.
        bins: of equal width, from there to 1.
    """
    edges = np.linspace(lowest, 1.0, bins + 1)
    within = np.clip(confidence, lowest, 1.0)
    counts = [np.histogram(within[rows], edges)[0].tolist() for rows in (right, ~right)]
    means = [float(confidence[rows].mean()) if rows.any() else None for rows in (right, ~right)]
    return ConfidenceHistogram(
        tuple(edges.tolist()), tuple(counts[0]), tuple(counts[1]), means[0], means[1]
    )


def coverage_curve(
    confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]
) -> CoverageCurve:
    """Accuracy over coverage, the surest rows first.

    Args:
        confidence: `[N]`.
        right: `[N]`.

    Reference:
        El-Yaniv, Wiener, On the Foundations of Noise-free Selective Classification, 2010. Geifman,
        Uziel, El-Yaniv, Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers, 2019
        (the area).
    """
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    answered = last + 1
    accuracy = np.cumsum(right[order])[last] / answered
    together = np.diff(answered, prepend=0)
    area = float((together * (1 - accuracy)).sum() / len(falling))
    if len(last) > MOST_POINTS:
        kept = np.unique(np.linspace(0, len(last) - 1, MOST_POINTS).round().astype(int))
        last, answered, accuracy = last[kept], answered[kept], accuracy[kept]
    return CoverageCurve(
        tuple(falling[last].tolist()),
        tuple((answered / len(falling)).tolist()),
        tuple(accuracy.tolist()),
        area,
    )
