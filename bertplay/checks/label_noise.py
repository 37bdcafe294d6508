"""How many labels are wrong, judged by a model that was not trained on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertplay.calibration import fit_temperature

_TEMPERATURES = np.geomspace(0.1, 10.0, 41)
_ROUNDS = 50
_LEAST = 1e-12  # a probability of 0 has no logarithm


@dataclass(frozen=True)
class LabelNoise:
    """What `label_noise` found.

    Attributes:
        share: of the labels that are drawn at random, likeliest value.
        evidence: twice the logarithm of the likelihood ratio to a share of 0.
        of_rows: `[N]`, the probability that a row's label is one of them.
    """

    share: float
    evidence: float
    of_rows: NDArray[np.float64]


def label_noise(probabilities: NDArray[np.float64], labels: NDArray[np.integer]) -> LabelNoise:
    """The share of labels that were drawn at random, whatever the text says.

    The label of row i is y with probability `(1 - e) softmax(log p_i / T)_y + e / C`. T and e are
    those of the largest likelihood: T on a grid, e by expectation and maximisation. The rival has
    e = 0 and its own best T. Where a model is unsure with reason, the labels contradict it most
    where it is least sure, and e = 0 explains that; wrong labels contradict it everywhere alike.

    Args:
        probabilities: p, `[N, C]` of rows that were not trained on.
        labels: y, `[N]` class numbers.
    """
    scores = np.log(np.maximum(probabilities, _LEAST))
    classes, rows = scores.shape[1], np.arange(len(scores))

    def of_labels(temperature: float) -> NDArray[np.float64]:
        scaled = scores / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        weights = np.exp(scaled)
        return np.asarray(weights[rows, labels] / weights.sum(axis=1))

    plain = float(np.log(np.maximum(of_labels(fit_temperature(scores, labels)), _LEAST)).sum())
    best = LabelNoise(0.0, 0.0, np.zeros(len(labels)))
    for temperature in _TEMPERATURES:
        own, share = of_labels(float(temperature)), 0.05
        for _ in range(_ROUNDS):
            wrong = share / classes / ((1 - share) * own + share / classes)
            share = float(wrong.mean())
        likelihood = float(np.log((1 - share) * own + share / classes + _LEAST).sum())
        evidence = 2 * (likelihood - plain)
        if evidence > best.evidence:
            best = LabelNoise(share, evidence, wrong)
    return best


def doubted_rows(
    probabilities: NDArray[np.float64], labels: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Rows that confident learning takes for mislabelled, `[N]`.

    A class's threshold is its mean probability over the rows labelled so. A row is doubted where
    the likeliest of the classes whose probability reaches their threshold is not its label.

    Reference:
        Northcutt, Jiang, Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels,
        Journal of Artificial Intelligence Research 70, 2021.
    """
    thresholds = np.array(
        [
            probabilities[labels == number, number].mean() if (labels == number).any() else np.inf
            for number in range(probabilities.shape[1])
        ]
    )
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    return np.asarray((reached.max(axis=1) >= 0) & (reached.argmax(axis=1) != labels))
