"""Rows with what was predicted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.metrics import checked_labels, checked_probabilities
from bertplay.prediction import softmax


@dataclass(frozen=True, eq=False)
class PredictedRows:
    """N rows of a table whose rows have one class each.

    Attributes:
        ids: N row names.
        texts: N texts.
        labels: `[N]` class numbers.
        probabilities: `[N, C]`.
        classes: C class names.
        columns: of the table by name, N cells each, to group the rows by.
        decided: `[N]` class numbers that a decision rule gave; None for the likeliest.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    labels: npt.NDArray[np.integer[Any]]
    probabilities: npt.NDArray[np.float64]
    classes: Sequence[str]
    columns: Mapping[str, Sequence[object]] = field(default_factory=dict)
    decided: npt.NDArray[np.integer[Any]] | None = None

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """`[N]` the class that was decided on, or the likeliest of each."""
        best: npt.NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return best if self.decided is None else self.decided.astype(np.int64)

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        """`[N]` the probability of that class."""
        rows = np.arange(len(self.probabilities))
        of_predicted: npt.NDArray[np.float64] = self.probabilities[rows, self.predicted]
        return of_predicted


def predicted_rows(
    targets: npt.ArrayLike,
    classes: Sequence[str],
    *,
    probabilities: npt.ArrayLike | None = None,
    logits: npt.ArrayLike | None = None,
    ids: Sequence[str] | None = None,
    texts: Sequence[str] | None = None,
    columns: Mapping[str, Sequence[object]] | None = None,
) -> PredictedRows:
    """Rows from plain arrays, checked.

    Args:
        targets: `[N]` integers, positions in `classes`.
        classes: C names.
        probabilities: `[N, C]`, rows that sum to 1; or logits in their place.
        logits: `[N, C]`, finite; their softmax is taken.
        ids: N row names; by default 1, 2, ...
        texts: N texts; by default empty.
        columns: of the table by name, N cells each.

    Raises:
        ValueError: neither or both of probabilities and logits are given, shapes or lengths do not
            fit, a number is not finite, or a target is not among the classes.
    """
    if (probabilities is None) == (logits is None):
        raise ValueError("give either probabilities or logits, [N, C] each")
    if logits is not None:
        scores = np.asarray(logits, dtype=np.float64)
        if scores.ndim != 2 or not np.isfinite(scores).all():
            raise ValueError(
                f"logits has shape {scores.shape}: expected [N, {len(classes)}] finite numbers"
            )
        probabilities = softmax(scores)
    p = checked_probabilities(np.asarray(probabilities), len(classes)).astype(np.float64)
    labels = checked_labels(targets, len(p), len(classes))
    cells = dict(columns or {})
    for name, values in {"ids": ids, "texts": texts, **cells}.items():
        if values is not None and len(values) != len(p):
            raise ValueError(f"{name} has {len(values)} entries: expected one for each of {len(p)}")
    names = [str(row) for row in range(1, len(p) + 1)] if ids is None else ids
    return PredictedRows(
        names, [""] * len(p) if texts is None else texts, labels, p, tuple(classes), cells
    )
