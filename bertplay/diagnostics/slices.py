"""Groups of rows, by the length of the text or a column of the table: where a model fails more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.comparison.statistics import holm
from bertplay.data.cells import cell_text, is_missing

FEWEST_ROWS = 10
"""A smaller group says too little."""

LENGTH = "words in the text"
"""What rows are grouped by in any case."""

_RANGES = 4


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


@dataclass(frozen=True)
class SliceFigures:
    """How often a model is wrong in a group of rows.

    Attributes:
        column: what it is grouped by.
        value: what its rows have in common.
        rows: how many.
        wrong: how many of them are wrong.
        accuracy: share of them that is right.
        difference: from the accuracy of all rows.
        p: of Fisher's exact test, two-sided, that rows inside and outside are as often wrong.
        adjusted_p: by Holm, for all groups that were looked at.
    """

    column: str
    value: str
    rows: int
    wrong: int
    accuracy: float
    difference: float
    p: float
    adjusted_p: float


@dataclass(frozen=True)
class ErrorSlice:
    """How far a model of numbers is off in a group of rows.

    Attributes:
        column: what it is grouped by.
        value: what its rows have in common.
        rows: how many.
        mean_absolute_error: in the labels' unit.
        mean_error: of predictions minus labels.
        p: of Mann and Whitney's test, two-sided, that errors inside and outside are as large.
        adjusted_p: by Holm, for all groups that were looked at.
    """

    column: str
    value: str
    rows: int
    mean_absolute_error: float
    mean_error: float
    p: float
    adjusted_p: float


def slice_figures(
    right: npt.NDArray[np.bool_],
    texts: Sequence[str],
    columns: Mapping[str, Sequence[object]] | None = None,
) -> tuple[SliceFigures, ...]:
    """Groups of at least `FEWEST_ROWS` rows, the least accurate first.

    Args:
        right: `[N]`, whether the prediction is right.
        texts: N of them; rows are grouped by the number of words.
        columns: of the table by name, N cells each, to group the rows by.

    Reference:
        Fisher, On the Interpretation of chi-squared from Contingency Tables, 1922. Holm, A Simple
        Sequentially Rejective Multiple Test Procedure, 1979.
    """
    from scipy.stats import fisher_exact

    groups = _groups(texts, columns)
    counts = [(int((~right[group.rows]).sum()), int(right[group.rows].sum())) for group in groups]
    all_wrong, all_right = int((~right).sum()), int(right.sum())
    p_values = [
        float(fisher_exact([[wrong, fine], [all_wrong - wrong, all_right - fine]])[1])
        for wrong, fine in counts
    ]
    found = [
        SliceFigures(
            group.column,
            group.value,
            wrong + fine,
            wrong,
            fine / (wrong + fine),
            fine / (wrong + fine) - all_right / len(right),
            p,
            adjusted,
        )
        for group, (wrong, fine), p, adjusted in zip(
            groups, counts, p_values, holm(p_values), strict=True
        )
    ]
    return tuple(sorted(found, key=lambda group: group.accuracy))


def error_slices(
    errors: npt.NDArray[np.float64],
    texts: Sequence[str],
    columns: Mapping[str, Sequence[object]] | None = None,
) -> tuple[ErrorSlice, ...]:
    """The same for numbers: groups of at least `FEWEST_ROWS` rows, the largest errors first.

    Args:
        errors: `[N]`, predictions minus labels.
        texts: N of them; rows are grouped by the number of words.
        columns: of the table by name, N cells each, to group the rows by.

    Reference:
        Mann, Whitney, On a Test of Whether One of Two Random Variables Is Stochastically Larger
        than the Other, 1947.
    """
    from scipy.stats import mannwhitneyu

    groups, sizes = _groups(texts, columns), np.abs(errors)
    p_values = [
        float(mannwhitneyu(sizes[group.rows], sizes[~group.rows]).pvalue) for group in groups
    ]
    found = [
        ErrorSlice(
            group.column,
            group.value,
            int(group.rows.sum()),
            float(sizes[group.rows].mean()),
            float(errors[group.rows].mean()),
            p,
            adjusted,
        )
        for group, p, adjusted in zip(groups, p_values, holm(p_values), strict=True)
    ]
    return tuple(sorted(found, key=lambda group: -group.mean_absolute_error))


def _groups(texts: Sequence[str], columns: Mapping[str, Sequence[object]] | None) -> list[Slice]:
    words = [len(text.split()) for text in texts]
    cells_of: dict[str, Sequence[object]] = {LENGTH: words, **(columns or {})}
    return [group for name, cells in cells_of.items() for group in slices_of(name, cells)]


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
    return _large(
        [Slice(column, str(name) or "missing", names == name) for name in np.unique(names)]
    )


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
