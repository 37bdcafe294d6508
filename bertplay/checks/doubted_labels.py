"""Rows whose labels a model contradicts while it is sure, and rows that it is unsure of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertplay.calibration import fit_temperature

_LEAST = 1e-12  # a probability of 0 has no logarithm


@dataclass(frozen=True)
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


def doubted_labels(
    probabilities: NDArray[np.float64], labels: NDArray[np.integer], confidence: float
) -> Doubts:
    """Rows that confident learning takes for mislabelled, of those the model is sure of.

    A class's threshold is its mean probability over the rows labelled so. Confident learning
    doubts a row where the likeliest class reaches its threshold and is not the label. Here it must
    also have a probability of `confidence`, after a temperature was fitted to the same rows.
    A model is unsure of a row where the likeliest class is nearer to chance, 1 / C, than to
    `confidence`.

    Args:
        probabilities: p, `[N, C]` of rows that were not trained on.
        labels: `[N]` class numbers.
        confidence: in (0, 1).

    Reference:
        Northcutt, Jiang, Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels,
        Journal of Artificial Intelligence Research 70, 2021 (thresholds and doubted rows).
    """
    classes = probabilities.shape[1]
    of_class = [probabilities[labels == number, number] for number in range(classes)]
    thresholds = np.array([own.mean() if len(own) else np.inf for own in of_class])
    likeliest = probabilities.argmax(axis=1)
    scores = np.log(np.maximum(probabilities, _LEAST))
    scores /= fit_temperature(scores, labels)
    scores -= scores.max(axis=1, keepdims=True)
    # The likeliest class has the score 0 now.
    calibrated = np.asarray(1 / np.exp(scores).sum(axis=1))
    reached = probabilities.max(axis=1) >= thresholds[likeliest]
    doubted = reached & (likeliest != labels) & (calibrated >= confidence)
    unsure = int((calibrated < (confidence + 1 / classes) / 2).sum())
    return Doubts(doubted, unsure, calibrated)
