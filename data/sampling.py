"""Which rows an epoch is made of: all of them once, or draws that show rare classes more often."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.int64]

# The power of its class's number of rows to which a row's probability is proportional.
_POWERS = {"balanced": -1.0, "sqrt": -0.5}


def sampled_rows(labels: ArrayLike, sampling: str, *, rng: np.random.Generator) -> Rows:
    """The rows of one epoch, as many as there are.

    "natural": each row once, in order, and nothing is drawn from the generator. Otherwise rows are
    drawn with replacement, a row of a class of n rows with a probability proportional to `1 / n`
    ("balanced": all classes alike) or `1 / sqrt(n)` ("sqrt": classes in proportion to `sqrt(n)`).

    Example:
        >>> rows = sampled_rows([0] * 90 + [1] * 10, "balanced", rng=np.random.default_rng(0))
        >>> len(rows), int((rows >= 90).sum())
        (100, 56)

    Args:
        labels: [N] class numbers.
        sampling: "natural", "balanced" or "sqrt".
        rng: the same state gives the same rows.

    Returns:
        [N] row numbers.

    Raises:
        ValueError: sampling is none of these.

    Reference:
        Mahajan et al., Exploring the Limits of Weakly Supervised Pretraining, ECCV 2018; Kang et
        al., Decoupling Representation and Classifier for Long-Tailed Recognition, ICLR 2020.
    """
    labels = np.asarray(labels)
    if sampling == "natural":
        return np.arange(len(labels))
    if sampling not in _POWERS:
        raise ValueError(f"sampling is {sampling!r}: expected natural, {' or '.join(_POWERS)}")
    _, class_of_row, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights = counts[class_of_row] ** _POWERS[sampling]
    drawn: Rows = rng.choice(len(labels), size=len(labels), p=weights / weights.sum())
    return drawn
