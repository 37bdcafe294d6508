"""The rows of several tasks with what was predicted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bertplay.diagnostics.predicted_rows import PredictedRows

if TYPE_CHECKING:
    from bertplay.multi_task.labels import Labels


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
