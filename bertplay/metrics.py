"""Figures of a classifier on a table: accuracy, per class, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

CALIBRATION_BINS = 15
"""Bins of the expected calibration error, as in Guo et al. 2017."""

# How far a row of probabilities may be from a sum of 1: half precision stays within it.
_SUM_TOLERANCE = 1e-2


class ClassMetrics(TypedDict):
    """Figures of one class; None where a figure is 0/0 because the class does not occur."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True)
class Metrics:
    """Figures of a classifier on N rows; `evaluate` explains each.

    Attributes:
        accuracy: share of the rows whose predicted class is the label.
        balanced_accuracy: mean recall of the classes that have rows.
        macro_f1: mean F1 of the classes that occur among the labels or the predictions.
        ece: expected calibration error.
        log_loss: mean of `-log p_label`, in nats.
        mean_confidence: mean probability of the predicted class.
        entropy: mean of `-sum_c p_c log p_c`, in nats.
        per_class: class to precision, recall, F1 and support (its number of rows).
        confusion_matrix: numbers of rows; a row of it is a true class, a column a predicted one.
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    ece: float
    log_loss: float
    mean_confidence: float
    entropy: float
    per_class: dict[str, ClassMetrics]
    confusion_matrix: list[list[int]]

    def as_dict(self) -> dict[str, Any]:
        """The figures under the names that summary.json has, ready for `json.dumps`."""
        return asdict(self)


def evaluate(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    classes: Sequence[object],
    predicted: npt.ArrayLike | None = None,
) -> Metrics:
    """Figures of the probabilities a classifier gave to the rows of a table.

    Definitions, where there is a choice:

    - A class without a row has no recall (None). It counts for F1 only if it was predicted; then
      its precision and F1 are 0. A class that has rows and is never predicted has precision 0.
      Balanced accuracy and macro-F1 leave out what is None, as scikit-learn does.
    - Log loss takes a probability of the label below the dtype's epsilon as that epsilon, as
      scikit-learn does, so that it stays finite.

    Args:
        probabilities: `[N, C]`, rows that sum to 1.
        labels: `[N]` integers, positions in `classes`.
        classes: C names, in the order of the columns.
        predicted: `[N]` positions in `classes` of what was predicted, where a decision rule chose
            other classes than the likeliest; the confidence is the probability of it.

    Raises:
        ValueError: shapes do not fit, there is no row, a label is not among the classes, a name
            occurs twice, or a row is not finite and a distribution.
    """
    p = checked_probabilities(probabilities, len(classes))
    smallest = np.finfo(p.dtype).eps
    p = p.astype(np.float64)
    true = checked_labels(labels, len(p), len(classes))
    names = [str(name) for name in classes]
    if len(set(names)) != len(names):
        raise ValueError(f"classes is {names}: every name may occur once")

    chosen = p.argmax(axis=1)
    if predicted is not None:
        chosen = checked_labels(predicted, len(p), len(classes), "predicted")
    confidence = p[np.arange(len(p)), chosen]
    correct = chosen == true
    confusion = _confusion_matrix(true, chosen, len(names))
    per_class = _per_class(confusion, names)
    return Metrics(
        accuracy=float(correct.mean()),
        balanced_accuracy=_mean_of_defined([c["recall"] for c in per_class.values()]),
        macro_f1=_mean_of_defined([c["f1"] for c in per_class.values()]),
        ece=expected_calibration_error(confidence, correct),
        log_loss=log_loss(p, true, smallest),
        mean_confidence=float(confidence.mean()),
        entropy=float(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1).mean()),
        per_class=per_class,
        confusion_matrix=confusion.tolist(),
    )


def log_loss(
    probabilities: npt.NDArray[np.floating[Any]],
    labels: npt.NDArray[np.integer[Any]],
    smallest: float = float(np.finfo(np.float64).eps),
) -> float:
    """Mean of `-log p_label`, in nats.

    Args:
        probabilities: `[N, C]`.
        labels: `[N]`, from 0 to C - 1.
        smallest: what a smaller probability of the label counts as, so that it stays finite.
    """
    of_labels = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(of_labels, smallest)).mean())


def expected_calibration_error(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, bins: int = CALIBRATION_BINS
) -> float:
    """How far confidence is from accuracy: `sum_b n_b / N |accuracy_b - mean confidence_b|`.

    Bin b of M holds the rows with confidence in `((b - 1) / M, b / M]` (Guo et al. 2017, "On
    Calibration of Modern Neural Networks").

    Args:
        confidence: `[N]`, the probability of the predicted class, from 0 to 1.
        correct: `[N]`, whether the prediction is right.
        bins: M, the number of bins of equal width.

    Raises:
        ValueError: shapes do not fit, there is no row, bins is below 1, or a confidence is outside
            [0, 1].
    """
    confidence = np.asarray(confidence, dtype=np.float64)
    correct = np.asarray(correct, dtype=np.float64)
    if confidence.ndim != 1 or confidence.shape != correct.shape or not confidence.size:
        raise ValueError(
            f"confidence has shape {confidence.shape} and correct {correct.shape}: expected [N] "
            "for both, with at least one row"
        )
    if bins < 1:
        raise ValueError(f"bins is {bins}: it must be at least 1")
    rounding = 1e-6  # A float32 softmax can end just above 1.
    if not ((confidence >= 0) & (confidence <= 1 + rounding)).all():
        raise ValueError("confidence must lie between 0 and 1")
    inner_edges = np.arange(1, bins) / bins
    bin_of_row = np.searchsorted(inner_edges, confidence, side="left")
    surplus = np.bincount(bin_of_row, weights=correct - confidence, minlength=bins)
    return float(np.abs(surplus).sum() / confidence.size)


def majority_baseline(
    train_counts: Mapping[str, int], labels: npt.ArrayLike
) -> dict[str, str | float]:
    """What always answering the most frequent training class scores on the labels.

    Args:
        train_counts: class to its number of training rows, in the order of the labels; of equal
            classes the first is taken.
        labels: `[N]` integers, positions in `train_counts`.

    Returns:
        `majority_class`, and `majority_accuracy`, `balanced_accuracy` and `macro_f1` as `evaluate`
        defines them.

    Raises:
        ValueError: there is no class or no row, or a label is not among the classes.
    """
    names = list(train_counts)
    if not names:
        raise ValueError("train_counts is empty: it needs at least one class")
    majority = max(range(len(names)), key=lambda i: train_counts[names[i]])
    true = np.asarray(labels)
    metrics = evaluate(np.eye(len(names))[np.full(len(true), majority)], true, names)
    return {
        "majority_class": names[majority],
        "majority_accuracy": metrics.accuracy,
        "balanced_accuracy": metrics.balanced_accuracy,
        "macro_f1": metrics.macro_f1,
    }


def checked_probabilities(
    probabilities: npt.ArrayLike, classes: int
) -> npt.NDArray[np.floating[Any]]:
    """`[N, C]` rows that are distributions; anything else is a ValueError."""
    p = np.asarray(probabilities)
    if not np.issubdtype(p.dtype, np.floating):
        p = p.astype(np.float64)
    if p.ndim != 2 or p.shape[1] != classes or not len(p):
        raise ValueError(
            f"probabilities has shape {p.shape}: expected [N, {classes}], one column per class "
            "and at least one row"
        )
    if not np.isfinite(p).all():
        raise ValueError("probabilities holds NaN or infinity: the model's output is not finite")
    sums = p.sum(axis=1, dtype=np.float64)
    if (p < 0).any() or (np.abs(sums - 1) > _SUM_TOLERANCE).any():
        raise ValueError("probabilities must be rows of numbers from 0 to 1 that sum to 1")
    return p


def checked_labels(
    labels: npt.ArrayLike, rows: int, classes: int, name: str = "labels"
) -> npt.NDArray[np.int64]:
    """`[N]` integers from 0 to C - 1; anything else is a ValueError."""
    true = np.asarray(labels)
    if true.shape != (rows,) or not np.issubdtype(true.dtype, np.integer):
        raise ValueError(
            f"{name} has shape {true.shape} and dtype {true.dtype}: expected [{rows}] integers, "
            "one for each row of probabilities"
        )
    if true.min() < 0 or true.max() >= classes:
        raise ValueError(
            f"{name} reach from {true.min()} to {true.max()}: expected 0 to {classes - 1}"
        )
    return true.astype(np.int64)


def _confusion_matrix(
    true: npt.NDArray[np.int64], predicted: npt.NDArray[np.intp], classes: int
) -> npt.NDArray[np.int64]:
    cells = np.bincount(true * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes)


def _per_class(confusion: npt.NDArray[np.int64], names: list[str]) -> dict[str, ClassMetrics]:
    result: dict[str, ClassMetrics] = {}
    for i, name in enumerate(names):
        hits = int(confusion[i, i])
        support = int(confusion[i].sum())
        predicted = int(confusion[:, i].sum())
        occurs = support + predicted > 0
        result[name] = {
            "precision": hits / max(predicted, 1) if occurs else None,
            "recall": hits / support if support else None,
            "f1": 2 * hits / (support + predicted) if occurs else None,
            "support": support,
        }
    return result


def _mean_of_defined(values: list[float | None]) -> float:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined)
