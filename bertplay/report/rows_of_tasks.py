"""The rows of several tasks with what was predicted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from bertplay.diagnostics.numbers import NumberRows
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.diagnostics.several_labels import SeveralLabelRows

if TYPE_CHECKING:
    from bertplay.multi_task.labels import Labels

Rows: TypeAlias = PredictedRows | SeveralLabelRows | NumberRows
"""Rows of a label column: with a class each, with any number of classes, or with a number."""


def rows_of_tasks(
    ids: Sequence[str],
    texts: Sequence[str],
    labels: Mapping[str, Labels],
    outputs: Mapping[str, npt.NDArray[np.float64]],
) -> dict[str, Rows]:
    """Of each task the rows that have a label of it; a task without such rows is left out.

    Args:
        ids: N row names.
        texts: N texts.
        labels: task to its labels of the N rows.
        outputs: task to its probabilities `[N, C]`, or to its numbers `[N]`.
    """
    found: dict[str, Rows] = {}
    for name, of_task in labels.items():
        known = np.flatnonzero(of_task.known).tolist()
        if not known:
            continue
        of_rows = [ids[row] for row in known], [texts[row] for row in known]
        truth, said, classes = of_task.numbers[known], outputs[name][known], of_task.column.classes
        if of_task.column.kind == "single_label":
            found[name] = PredictedRows(*of_rows, truth, said, classes)
        elif of_task.column.kind == "multi_label":
            found[name] = SeveralLabelRows(*of_rows, truth > 0.5, said, classes)
        else:
            found[name] = NumberRows(*of_rows, truth.astype(np.float64), said)
    return found


def with_columns(
    rows: Mapping[str, Rows], cells: Mapping[str, Mapping[str, object]]
) -> dict[str, Rows]:
    """The same rows, to be grouped by columns of their table.

    Args:
        rows: label column to its rows.
        cells: column of the table to row id to cell.
    """
    return {
        name: replace(
            of_column,
            columns={c: [by_id[row] for row in of_column.ids] for c, by_id in cells.items()},
        )
        for name, of_column in rows.items()
    }
