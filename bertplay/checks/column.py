"""All checks of one label column: before training, and of its predictions at an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.checks.heads import dead_head
from bertplay.checks.labels import label_errors
from bertplay.checks.predictions import prediction_checks, underconfidence
from bertplay.checks.result import CheckResult, not_applicable
from bertplay.checks.texts import few_rows, label_leakage
from bertplay.checks.thresholds import Thresholds
from bertplay.metrics import Metrics

SOFTENING = ("gamma", "smoothing", "gamma_start", "gamma_end")
"""Options of losses that keep a model from being sure."""

OF_CLASSES = ("BP201", "BP202", "BP203", "BP204", "BP401")
"""Checks that are for columns with one class a row."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column with one class a row, and its N validation rows.

    Attributes:
        classes: the C names.
        class_counts: class to its training rows.
        labels: `[N]` class numbers.
        ids: N row names.
        loss_options: of its loss, resolved.
    """

    classes: Sequence[str]
    class_counts: Mapping[str, int]
    labels: NDArray[np.integer]
    ids: Sequence[str]
    loss_options: Mapping[str, Any]


def checks_before_training(
    texts: Sequence[str],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    thresholds: Thresholds,
) -> tuple[CheckResult, ...]:
    """BP103 and BP104.

    Args:
        texts: of the N training rows that have a label.
        labels: `[N]` class numbers.
        classes: the C names.
        thresholds: from where on they fire.
    """
    counts = np.bincount(labels, minlength=len(classes)).tolist()
    return (
        label_leakage(texts, labels, classes, thresholds),
        few_rows(dict(zip(classes, counts, strict=True)), thresholds),
    )


def column_checks(
    column: Column,
    metrics: Metrics,
    probabilities: NDArray[np.float64],
    progress: float,
    thresholds: Thresholds,
) -> tuple[CheckResult, ...]:
    """BP201 to BP204, BP303 and BP401, at an evaluation.

    Args:
        column: whose predictions they are.
        metrics: their figures.
        probabilities: `[N, C]` of the validation rows.
        progress: how much of the training is done, from 0 to 1.
        thresholds: from where on they fire.
    """
    of_predictions = prediction_checks(metrics, column.class_counts, thresholds)
    softening = {
        name: float(value)
        for name, value in column.loss_options.items()
        if name.rpartition(".")[2] in SOFTENING and isinstance(value, int | float) and value > 0
    }
    unfit = next((r for r in of_predictions if r.status == "fired"), None)
    return (
        *of_predictions,
        underconfidence(metrics, softening, progress, thresholds),
        dead_head(probabilities, 1.0, thresholds),
        label_errors(probabilities, column.labels, column.classes, column.ids, thresholds)
        if unfit is None
        else not_applicable("BP401", f"a model with {unfit.code} ({unfit.name}) is no judge"),
    )
