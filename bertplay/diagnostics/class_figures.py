"""Precision, recall, F1 and calibration of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.diagnostics.class_intervals import Bounds, ClassIntervals, class_intervals
from bertplay.metrics import ClassMetrics, Metrics


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class; None where one is 0/0 because the class does not occur.

    Attributes:
        name: of the class.
        support: its number of rows.
        predicted: the number of rows that are called so.
        precision: of the rows called so, the share that are.
        recall: of its rows, the share that is found.
        f1: the harmonic mean of both.
        precision_interval: 95% bootstrap interval of the precision, see `ClassIntervals`.
        recall_interval: that of the recall.
        f1_interval: that of F1.
        mean_probability: of the class, over all rows; its share of the rows where the model is
            calibrated in the large.
        brier: mean of `(probability of the class - whether it is the label)^2`.
    """

    name: str
    support: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    precision_interval: Bounds
    recall_interval: Bounds
    f1_interval: Bounds
    mean_probability: float
    brier: float


def class_figures(
    metrics: Metrics,
    probabilities: npt.NDArray[np.float64],
    labels: npt.NDArray[np.integer[Any]],
    classes: Sequence[str],
) -> tuple[ClassFigures, ...]:
    """The figures of each class, in their order, where a row has one.

    Args:
        metrics: of the rows.
        probabilities: `[N, C]`.
        labels: `[N]` class numbers.
        classes: C names.
    """
    called = np.asarray(metrics.confusion_matrix).sum(axis=0).tolist()
    bounds = class_intervals(metrics.confusion_matrix)
    targets = labels[:, None] == np.arange(len(classes))
    return figures_of_answers(metrics.per_class, called, bounds, probabilities, targets)


def figures_of_answers(
    per_class: Mapping[str, ClassMetrics],
    called: Sequence[int],
    bounds: Sequence[ClassIntervals],
    probabilities: npt.NDArray[np.float64],
    targets: npt.NDArray[np.bool_],
) -> tuple[ClassFigures, ...]:
    """The same from their parts, also where a row may have any number of classes.

    Args:
        per_class: class to precision, recall, F1 and support, of C classes.
        called: C numbers of rows that were called so.
        bounds: C times the intervals.
        probabilities: `[N, C]`.
        targets: `[N, C]`, whether a row has a class.
    """
    from sklearn.metrics import brier_score_loss

    shares = np.clip(probabilities, 0, 1)
    return tuple(
        ClassFigures(
            name=name,
            support=of["support"],
            predicted=int(called[number]),
            precision=of["precision"],
            recall=of["recall"],
            f1=of["f1"],
            precision_interval=bounds[number].precision,
            recall_interval=bounds[number].recall,
            f1_interval=bounds[number].f1,
            mean_probability=float(shares[:, number].mean()),
            brier=float(brier_score_loss(targets[:, number], shares[:, number], pos_label=True)),
        )
        for number, (name, of) in enumerate(per_class.items())
    )
