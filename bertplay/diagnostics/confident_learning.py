"""Confident learning: which labels a model contradicts, and how often each is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertplay.calibration import fit_temperature

_LEAST = 1e-12  # a probability of 0 has no logarithm


@dataclass(frozen=True, eq=False)
class ConfidentLearning:
    """What confident learning says of N rows' labels.

    Attributes:
        thresholds: `[C]`, each class's mean probability over the rows labelled so; infinite for a
            class without rows.
        suggested: `[N]`, the likeliest of the classes that reach their thresholds; -1 where none
            does.
        doubted: `[N]` booleans, those where it is another class than the label.
        margin: `[N]`, how far the likeliest other class is above the label in probability; of
            doubted rows, the larger the more suspicious.
        joint: `[C, C]` the confident joint: rows labelled as the first class whose suggestion is
            the second.
        estimated: `[C, C]` of the same form, estimated numbers of rows: the joint, brought to the
            numbers of labels and to N.
    """

    thresholds: NDArray[np.float64]
    suggested: NDArray[np.int64]
    doubted: NDArray[np.bool_]
    margin: NDArray[np.float64]
    joint: NDArray[np.int64]
    estimated: NDArray[np.float64]

    @property
    def most_suspicious(self) -> NDArray[np.int64]:
        """Numbers of the doubted rows, those with the largest margin first."""
        rows = np.flatnonzero(self.doubted)
        return rows[np.argsort(-self.margin[rows], kind="stable")]

    @property
    def wrong_share(self) -> NDArray[np.float64]:
        """`[C]`, of each class's labels the estimated share that is wrong; 0 without labels."""
        labelled = self.estimated.sum(axis=1)
        wrong = labelled - np.diagonal(self.estimated)
        shares: NDArray[np.float64] = wrong / np.where(labelled > 0, labelled, 1.0)
        return shares


@dataclass(frozen=True, eq=False)
class Doubts:
    """What `doubted_labels` found.

    Attributes:
        rows: `[N]` booleans, those whose label is doubted.
        unsure: how many rows the model is unsure of.
        confidence: `[N]`, of the likeliest class.
    """

    rows: NDArray[np.bool_]
    unsure: int
    confidence: NDArray[np.float64]


def confident_learning(
    probabilities: NDArray[np.float64], labels: NDArray[np.integer]
) -> ConfidentLearning:
    """Thresholds, doubted rows and the confident joint of rows that were not trained on.

    A class's threshold is its mean probability over the rows labelled so. Of the classes that reach
    their thresholds in a row, the likeliest is what the row seems to be.

    Args:
        probabilities: p, `[N, C]`.
        labels: `[N]` class numbers.

    Reference:
        Northcutt, Jiang, Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels,
        Journal of Artificial Intelligence Research 70, 2021, equations 1 to 3.
    """
    classes, rows = probabilities.shape[1], np.arange(len(labels))
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, probabilities[rows, labels], minlength=classes)
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    # A mean of equal numbers may be above them in its last bit.
    reached = probabilities >= thresholds - 1e-12
    among = np.where(reached, probabilities, -1.0)
    suggested = np.where(reached.any(axis=1), among.argmax(axis=1), -1)
    joint = np.zeros((classes, classes), dtype=np.int64)
    some = suggested >= 0
    np.add.at(joint, (labels[some], suggested[some]), 1)
    others = probabilities.copy()
    others[rows, labels] = -np.inf
    margin = (others.max(axis=1) if classes > 1 else 0.0) - probabilities[rows, labels]
    doubted = some & (suggested != labels)
    return ConfidentLearning(
        thresholds, suggested, doubted, margin, joint, _estimated(joint, counts)
    )


def doubted_labels(
    probabilities: NDArray[np.float64], labels: NDArray[np.integer], confidence: float
) -> Doubts:
    """Rows that confident learning takes for mislabelled, of those the model is sure of.

    Beside what `confident_learning` asks for, the suggested class must be the likeliest and have a
    probability of `confidence`, after a temperature was fitted to the same rows. A model is unsure
    of a row where the likeliest class is nearer to chance, 1 / C, than to `confidence`.

    Args:
        probabilities: p, `[N, C]` of rows that were not trained on.
        labels: `[N]` class numbers.
        confidence: in (0, 1).
    """
    classes = probabilities.shape[1]
    found = confident_learning(probabilities, labels)
    scores = np.log(np.maximum(probabilities, _LEAST))
    scores /= fit_temperature(scores, labels)
    scores -= scores.max(axis=1, keepdims=True)
    # The likeliest class has the score 0 now.
    calibrated = np.asarray(1 / np.exp(scores).sum(axis=1))
    likeliest = found.suggested == probabilities.argmax(axis=1)
    doubted = found.doubted & likeliest & (calibrated >= confidence)
    unsure = int((calibrated < (confidence + 1 / classes) / 2).sum())
    return Doubts(doubted, unsure, calibrated)


def _estimated(joint: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The joint, with rows that sum to the numbers of labels; a class without sure rows is kept."""
    known = joint.sum(axis=1)
    scaled = joint * (counts / np.maximum(known, 1))[:, None]
    estimated: NDArray[np.float64] = scaled + np.diag(np.where(known > 0, 0.0, counts))
    return estimated
