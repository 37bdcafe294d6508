"""ROC and precision-recall curves, as scikit-learn defines them.

The tests compare them with scikit-learn's. They are computed here because importing that takes half
as long as the whole page.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bertplay.report.unit_curves import UnitCurve

_MOST_POINTS = 150


def ranking_curves(
    is_class: npt.NDArray[np.bool_], share: npt.NDArray[np.float64]
) -> tuple[UnitCurve, UnitCurve]:
    """The ROC curve with its area, and precision over recall with the average precision.

    The curves have a point for each threshold, so rows of equal shares are taken together. The
    area is that of trapezes; the average precision is `sum_t (R_t - R_(t-1)) P_t`, for recall R and
    precision P at falling thresholds.

    Args:
        is_class: `[N]`, some true and some false.
        share: `[N]` the probability of the class.
    """
    order = np.argsort(-share, kind="stable")
    falling = share[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(share) - 1)
    hits = np.cumsum(is_class[order])[last]
    answers = last + 1
    recall, precision = hits / is_class.sum(), hits / answers
    false_rate = (answers - hits) / (~is_class).sum()
    steps = np.diff(recall, prepend=0.0)
    rises = (recall + np.append(0.0, recall[:-1])) / 2
    area = float((np.diff(false_rate, prepend=0.0) * rises).sum())
    return (
        UnitCurve(*_thinned(np.append(0.0, false_rate), np.append(0.0, recall)), area),
        UnitCurve(*_thinned(recall, precision), float((steps * precision).sum())),
    )


def _thinned(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[list[float], list[float]]:
    """As many points as an eye can tell, the ends among them."""
    if len(x) > _MOST_POINTS:
        kept = np.unique(np.linspace(0, len(x) - 1, _MOST_POINTS).round().astype(int))
        x, y = x[kept], y[kept]
    return x.tolist(), y.tolist()
