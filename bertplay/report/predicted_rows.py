"""Rows with what was predicted of them, and which of them are worth a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from bertplay.multi_task.labels import Labels

_WRONG, _RIGHT = 3, 2


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
    """

    ids: Sequence[str]
    texts: Sequence[str]
    labels: npt.NDArray[np.integer[Any]]
    probabilities: npt.NDArray[np.float64]
    classes: Sequence[str]
    columns: Mapping[str, Sequence[object]] = field(default_factory=dict)

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """`[N]` the likeliest class of each."""
        best: npt.NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return best

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        """`[N]` the probability of that class."""
        highest: npt.NDArray[np.float64] = self.probabilities.max(axis=1)
        return highest


def rows_of_tasks(
    ids: Sequence[str],
    texts: Sequence[str],
    labels: Mapping[str, Labels],
    shares: Mapping[str, npt.NDArray[np.float64]],
) -> dict[str, PredictedRows]:
    """Of each task with one class a row, the rows that have a label of it.

    Args:
        ids: N row names.
        texts: N texts.
        labels: task to its labels of the N rows.
        shares: task to its probabilities `[N, C]`, at least of these tasks.
    """
    found = {}
    for name, of_task in labels.items():
        known = np.flatnonzero(of_task.known).tolist()
        if of_task.column.kind == "single_label" and known:
            found[name] = PredictedRows(
                [ids[row] for row in known],
                [texts[row] for row in known],
                of_task.numbers[known],
                shares[name][known],
                of_task.column.classes,
            )
    return found


def rows_to_explain(rows: PredictedRows) -> list[int]:
    """Row numbers: the surest of the wrong ones, then the surest right ones, of different classes.

    Where a model is sure and wrong its reason is wrong too; beside it, the right rows show what it
    goes by otherwise.
    """
    surest = np.argsort(-rows.confidence, kind="stable")
    wrong = rows.predicted[surest] != rows.labels[surest]
    chosen = surest[wrong][:_WRONG].tolist()
    seen: set[int] = set()
    for row in surest[~wrong].tolist():
        if len(seen) == _RIGHT:
            break
        if int(rows.labels[row]) not in seen:
            seen.add(int(rows.labels[row]))
            chosen.append(row)
    return [int(row) for row in chosen]


def rows_named(rows: PredictedRows, ids: Sequence[str]) -> list[int]:
    """Row numbers of those ids that are among the rows."""
    places = {name: row for row, name in reversed(list(enumerate(rows.ids)))}
    return [places[name] for name in ids if name in places]
