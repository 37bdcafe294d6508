"""Honest figures of what is fitted: each row is judged by what the other rows gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.labelled_logits import LabelledLogits

FOLDS = 5


def stratified_folds(labels: NDArray[np.integer[Any]], count: int) -> NDArray[np.int64]:
    """`[N]` the part, from 0, that each row is in; the classes are shared out equally.

    Nothing is drawn: of the rows of a class, in their order, each goes to the next part.

    Args:
        labels: `[N]`.
        count: of parts.
    """
    part = np.empty(len(labels), dtype=np.int64)
    part[np.argsort(labels, kind="stable")] = np.arange(len(part)) % count
    return part


def cross_fitted(
    rows: LabelledLogits,
    decided: Callable[[LabelledLogits, NDArray[np.float64]], Sequence[NDArray[Any]]],
) -> list[NDArray[Any]]:
    """What is decided of each row by what was fitted on the rows of the other parts.

    Args:
        rows: N of them, at least 2, in five parts, or as many as there are rows.
        decided: is given the rows to fit on and the M logits to decide of, and returns arrays
            `[M, ...]`.

    Returns:
        As many arrays `[N, ...]`, in the order of the rows.
    """
    part = stratified_folds(rows.labels, min(FOLDS, len(rows)))
    numbers = range(int(part.max()) + 1)
    results = [decided(rows.part(part != n), rows.logits[part == n]) for n in numbers]
    order = np.argsort(np.concatenate([np.flatnonzero(part == n) for n in numbers]))
    return [np.concatenate(arrays)[order] for arrays in zip(*results, strict=True)]
