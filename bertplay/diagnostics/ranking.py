"""How well a class's probability puts its rows first: ROC, precision over recall, thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOST_POINTS = 150
"""Of a curve: as many as an eye can tell, or a reader of JSON wants."""

_GRID = np.arange(1, 100) / 100

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class ThresholdCurve:
    """What a threshold on a class's probability gives, were it applied to the rows.

    Attributes:
        thresholds: 0.01, 0.02, ... 0.99; rows with at least this probability are called the class.
        precision: of the rows called so, the share that are; None where there are none.
        recall: of the rows of the class, the share that are called so.
        f1: the harmonic mean of both.
        best: the threshold of the largest F1, of all that tell rows apart, not only of these.
        best_f1: that F1.
    """

    thresholds: Numbers
    precision: tuple[float | None, ...]
    recall: Numbers
    f1: Numbers
    best: float
    best_f1: float


@dataclass(frozen=True)
class RankingCurves:
    """A class against all others, whatever the threshold; curves have at most `MOST_POINTS`.

    Attributes:
        name: of the class.
        share: of the rows that are of it, which is the average precision that chance gives.
        roc_area: under the ROC curve; chance gives 0.5.
        average_precision: `sum_t (R_t - R_(t-1)) P_t`, for recall R and precision P at falling
            thresholds t.
        false_positive_rate: x of the ROC curve, from 0 to 1.
        true_positive_rate: its y.
        recall: x of the precision-recall curve, at falling thresholds.
        precision: its y.
        by_threshold: precision, recall and F1 by the threshold.
    """

    name: str
    share: float
    roc_area: float
    average_precision: float
    false_positive_rate: Numbers
    true_positive_rate: Numbers
    recall: Numbers
    precision: Numbers
    by_threshold: ThresholdCurve


def ranking_curves(
    name: str, is_class: npt.NDArray[np.bool_], share: npt.NDArray[np.float64]
) -> RankingCurves:
    """The curves of a class, by scikit-learn.

    Args:
        name: of the class.
        is_class: `[N]`, some true and some false.
        share: `[N]` the probability of the class.

    Raises:
        ValueError: all rows are of the class, or none is.
    """
    from sklearn.metrics import (
        average_precision_score,
        precision_recall_curve,
        roc_auc_score,
        roc_curve,
    )

    if is_class.all() or not is_class.any():
        raise ValueError(f"class {name!r}: a curve needs rows of the class and others")
    false_rate, true_rate, _ = roc_curve(is_class, share, drop_intermediate=False)
    precision, recall, thresholds = precision_recall_curve(is_class, share)
    # The last point has no threshold, and no row.
    falling = np.arange(len(thresholds))[::-1]
    return RankingCurves(
        name=name,
        share=float(is_class.mean()),
        roc_area=float(roc_auc_score(is_class, share)),
        average_precision=float(average_precision_score(is_class, share)),
        false_positive_rate=_thinned(false_rate),
        true_positive_rate=_thinned(true_rate),
        recall=_thinned(recall[falling]),
        precision=_thinned(precision[falling]),
        by_threshold=_by_threshold(precision, recall, thresholds),
    )


def _by_threshold(
    precision: npt.NDArray[np.float64],
    recall: npt.NDArray[np.float64],
    thresholds: npt.NDArray[np.float64],
) -> ThresholdCurve:
    """Read off where thresholds that tell rows apart are the least that are high enough."""
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    best = int(f1[:-1].argmax())
    at = np.searchsorted(thresholds, _GRID, side="left")
    answered = at < len(thresholds)
    return ThresholdCurve(
        thresholds=tuple(_GRID.tolist()),
        precision=tuple(
            value if some else None
            for value, some in zip(precision[at].tolist(), answered.tolist(), strict=True)
        ),
        recall=tuple(recall[at].tolist()),
        f1=tuple(f1[at].tolist()),
        best=float(thresholds[best]),
        best_f1=float(f1[best]),
    )


def _thinned(values: npt.NDArray[np.float64]) -> Numbers:
    """At most `MOST_POINTS` of them, the ends among them."""
    if len(values) > MOST_POINTS:
        kept = np.linspace(0, len(values) - 1, MOST_POINTS).round().astype(int)
        values = values[np.unique(kept)]
    return tuple(values.tolist())
