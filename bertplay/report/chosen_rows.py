"""Which rows are worth explaining."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bertplay.diagnostics.predicted_rows import PredictedRows

_WRONG, _RIGHT = 3, 2


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
