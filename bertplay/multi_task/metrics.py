"""Figures of a model with several heads: each task's own, and one score of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from bertplay.metrics import ClassMetrics, Metrics, evaluate, majority_baseline
from bertplay.multi_task.labels import Labels


@dataclass(frozen=True)
class MultiLabelMetrics:
    """Figures of a multi-label task on N rows; a class applies from a probability of 0.5 on.

    Attributes:
        macro_f1: mean F1 of the classes; 0 for a class that is neither there nor predicted.
        micro_f1: F1 of all answers together.
        exact_match: share of the rows whose classes are all right.
        per_class: class to precision, recall, F1 and support.
    """

    macro_f1: float
    micro_f1: float
    exact_match: float
    per_class: dict[str, ClassMetrics]

    def as_dict(self) -> dict[str, Any]:
        """The figures, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class RegressionMetrics:
    """Figures of a regression on N rows.

    Attributes:
        ccc: concordance, `2 cov(x, y) / (var x + var y + (mean x - mean y)^2)` (Lin 1989): 1 where
            predictions and labels are the same, 0 where they are unrelated.
        pearson: correlation; 0 where predictions or labels are all the same.
        r2: 1 minus the squared error relative to always predicting the rows' own mean.
        mae: mean absolute error, in the labels' unit.
        rmse: root of the mean squared error, in the labels' unit.
    """

    ccc: float
    pearson: float
    r2: float
    mae: float
    rmse: float

    def as_dict(self) -> dict[str, Any]:
        """The figures, ready for JSON."""
        return asdict(self)


TaskMetrics: TypeAlias = Metrics | MultiLabelMetrics | RegressionMetrics


@dataclass(frozen=True)
class MultiTaskMetrics:
    """Figures of all tasks.

    Attributes:
        score: mean of the tasks' chosen figures, weighted by what each counts in it.
        tasks: task to its figures, on the rows that have a label of it.
        weights: task to what its loss counted when the figures were taken.
    """

    score: float
    tasks: Mapping[str, TaskMetrics]
    weights: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """The figures, ready for JSON."""
        return {
            "score": self.score,
            "tasks": {name: metrics.as_dict() for name, metrics in self.tasks.items()},
            "task_weights": dict(self.weights),
        }


def restored_metrics(stored: Mapping[str, Any]) -> MultiTaskMetrics:
    """The figures whose `as_dict` gave this."""
    kinds = {frozenset(kind.__dataclass_fields__): kind for kind in get_args(TaskMetrics)}
    tasks = {name: kinds[frozenset(of)](**of) for name, of in stored["tasks"].items()}
    return MultiTaskMetrics(stored["score"], tasks, stored["task_weights"])


def task_metrics(predicted: NDArray[np.float64], labels: Labels) -> TaskMetrics:
    """The figures of one task on the rows that have a label of it.

    Args:
        predicted: `[N, C]` probabilities, or `[N]` numbers of a regression.
        labels: of the N rows; at least one is known.
    """
    known, true = predicted[labels.known], labels.numbers[labels.known]
    if labels.column.kind == "single_label":
        return evaluate(known, true, labels.column.classes)
    if labels.column.kind == "multi_label":
        return multi_label_metrics(known > 0.5, true > 0.5, labels.column.classes)
    return regression_metrics(known, true.astype(np.float64))


def baseline(train: Labels, rows: Labels) -> dict[str, Any]:
    """What answering without reading scores on rows.

    The most frequent training class of a single-label task; for a multi-label task the classes
    that most training rows have; for a regression the mean of the training labels.
    """
    known = rows.numbers[rows.known]
    if rows.column.kind == "single_label":
        return dict(majority_baseline(train.class_counts, known))
    if rows.column.kind == "multi_label":
        frequent = train.numbers[train.known].mean(axis=0) >= 0.5
        answers = np.broadcast_to(frequent, known.shape)
        metrics = multi_label_metrics(answers, known > 0.5, rows.column.classes)
        return {"macro_f1": metrics.macro_f1, "exact_match": metrics.exact_match}
    mean = float(train.numbers[train.known].mean())
    figures = regression_metrics(np.full(len(known), mean), known.astype(np.float64))
    return {"mean": mean, "ccc": figures.ccc, "mae": figures.mae, "rmse": figures.rmse}


def multi_label_metrics(
    predicted: NDArray[np.bool_], true: NDArray[np.bool_], classes: tuple[str, ...]
) -> MultiLabelMetrics:
    """The figures of answers `[N, C]`, each yes or no, of C classes."""
    hits = (predicted & true).sum(axis=0)
    supports, answers = true.sum(axis=0), predicted.sum(axis=0)
    per_class: dict[str, ClassMetrics] = {}
    for place, name in enumerate(classes):
        hit, support, answer = int(hits[place]), int(supports[place]), int(answers[place])
        per_class[name] = {
            "precision": hit / answer if answer else None,
            "recall": hit / support if support else None,
            "f1": 2 * hit / max(support + answer, 1),
            "support": support,
        }
    return MultiLabelMetrics(
        macro_f1=float(np.mean([figures["f1"] or 0.0 for figures in per_class.values()])),
        micro_f1=float(2 * hits.sum() / max(supports.sum() + answers.sum(), 1)),
        exact_match=float((predicted == true).all(axis=1).mean()),
        per_class=per_class,
    )


def regression_metrics(
    predicted: NDArray[np.float64], true: NDArray[np.float64]
) -> RegressionMetrics:
    """The figures of `[N]` predicted numbers."""
    errors = predicted - true
    from_mean_x, from_mean_y = predicted - predicted.mean(), true - true.mean()
    covariance = float((from_mean_x * from_mean_y).mean())
    var_x, var_y = float((from_mean_x**2).mean()), float((from_mean_y**2).mean())
    apart = var_x + var_y + float(predicted.mean() - true.mean()) ** 2
    spread = float(np.sqrt(var_x * var_y))
    squared = float((errors**2).mean())
    return RegressionMetrics(
        ccc=2 * covariance / apart if apart > 0 else float(squared == 0),
        pearson=covariance / spread if spread > 0 else 0.0,
        r2=1 - squared / var_y if var_y > 0 else 0.0,
        mae=float(np.abs(errors).mean()),
        rmse=float(np.sqrt(squared)),
    )
