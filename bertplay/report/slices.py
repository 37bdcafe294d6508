"""Groups of rows, by the length of the text or a column of the table: the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.data.cells import cell_text, is_missing
from bertplay.report.blocks import Prose, Section, Table
from bertplay.report.predicted_rows import PredictedRows
from bertplay.report.wording import figure

FEWEST_ROWS = 10
"""A smaller group says too little."""

_RANGES = 4
_MOST_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Slice:
    """A group of rows.

    Attributes:
        column: what it is grouped by.
        value: what its rows have in common.
        rows: `[N]` booleans.
    """

    column: str
    value: str
    rows: npt.NDArray[np.bool_]


def slices_section(rows: PredictedRows, anchor: str) -> tuple[Section, ...]:
    """Accuracy of groups of rows, the worst first; nothing where there is but one group.

    Args:
        rows: grouped by the length of the text, and by their columns.
        anchor: of the section.
    """
    words = [len(text.split()) for text in rows.texts]
    found = {
        name: slices_of(name, cells)
        for name, cells in {"words in the text": words, **rows.columns}.items()
    }
    groups = [group for of_column in found.values() for group in of_column]
    without = [name for name in rows.columns if not found[name]]
    said = f" No group by {', '.join(without)} has {FEWEST_ROWS} rows." if without else ""
    if not groups:
        return (Section(anchor, "Groups of rows", (Prose(said.strip()),)),) if said else ()
    right = rows.predicted == rows.labels
    overall = float(right.mean())
    accuracies = [float(right[group.rows].mean()) for group in groups]
    lines = tuple(
        (
            groups[place].column,
            groups[place].value,
            figure(accuracies[place]),
            f"{accuracies[place] - overall:+.3f}",
            f"{int((~right[groups[place].rows]).sum()):,}",
            f"{int(groups[place].rows.sum()):,}",
        )
        for place in sorted(range(len(groups)), key=lambda place: accuracies[place])[:_MOST_SHOWN]
    )
    return (
        Section(
            anchor,
            "Groups of rows",
            (
                Prose(
                    f"Groups of at least {FEWEST_ROWS} rows, where the model is wrong most often "
                    f"first. Among many groups some are bad by chance, small ones above all.{said}"
                ),
                Table(
                    "Accuracy of each group, and its difference from that of all rows",
                    ("grouped by", "value", "accuracy", "difference", "wrong", "rows"),
                    lines,
                    words=frozenset({0, 1}),
                ),
            ),
        ),
    )


def slices_of(column: str, cells: Sequence[object]) -> list[Slice]:
    """The groups of a column: ranges of numbers, or equal values; none where all are in one.

    Args:
        column: its name.
        cells: N of them; a missing one is a value of its own.
    """
    numbers = [_number(cell) for cell in cells]
    present = np.array([not is_missing(cell) for cell in cells])
    if present.any() and all(n is not None for n, has in zip(numbers, present, strict=True) if has):
        values = np.array([np.nan if n is None else n for n in numbers])
        if len(np.unique(values[present])) > _RANGES:
            return _large(_ranges(column, values, present))
    names = np.array(["" if is_missing(cell) else cell_text(cell).strip() for cell in cells])
    return _large([Slice(column, name or "missing", names == name) for name in np.unique(names)])


def _ranges(
    column: str, values: npt.NDArray[np.float64], present: npt.NDArray[np.bool_]
) -> list[Slice]:
    """About equally many rows each; equal numbers are in the same one."""
    shares = np.arange(1, _RANGES + 1) / _RANGES
    highest = np.unique(np.quantile(values[present], shares, method="inverted_cdf"))
    group = np.where(present, np.searchsorted(highest, values, side="left"), -1)
    found = []
    for place in range(len(highest)):
        inside = group == place
        low, high = values[inside].min(), values[inside].max()
        found.append(Slice(column, f"{low:g}" if low == high else f"{low:g} to {high:g}", inside))
    if not present.all():
        found.append(Slice(column, "missing", ~present))
    return found


def _large(groups: Sequence[Slice]) -> list[Slice]:
    large = [group for group in groups if group.rows.sum() >= FEWEST_ROWS]
    return large if len(groups) > 1 else []


def _number(cell: Any) -> float | None:
    try:
        return None if isinstance(cell, bool) else float(cell)
    except (TypeError, ValueError):
        return None
