"""Logits and labels drawn so that the right answer is known."""

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.labelled_logits import LabelledLogits, labelled
from bertplay.prediction import softmax


def names(count: int) -> tuple[str, ...]:
    return tuple("abcdefgh"[:count])


def drawn(
    seed: int, rows: int, classes: int = 3, spread: float = 2.0, factor: float = 1.0
) -> LabelledLogits:
    """Logits that were multiplied by a factor after the labels were drawn from their softmax."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, classes)) * spread
    return labelled(factor * logits, labels_from(softmax(logits), rng), names(classes))


def labels_from(shares: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One label a row, drawn from its probabilities."""
    return (rng.random((len(shares), 1)) > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
