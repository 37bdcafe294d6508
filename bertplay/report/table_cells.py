"""Cells of a table by the ids of its rows, to group rows by."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

from bertplay.data.table import read_table, require_column
from bertplay.labelled_tables import row_ids

if TYPE_CHECKING:
    import pandas as pd

    Path = str | PathLike[str]


def cells_of_table(path: Path, columns: Sequence[str]) -> dict[str, dict[str, object]]:
    """Column of a table to row id to cell.

    Raises:
        InputError: the table cannot be read, or lacks a column.
    """
    return cells_by_id(read_table(path), columns, path)


def cells_by_id(
    frame: pd.DataFrame, columns: Sequence[str], path: Path
) -> dict[str, dict[str, object]]:
    """The same of a table that was read already.

    Args:
        frame: the table.
        columns: of it.
        path: its file, for messages.

    Raises:
        InputError: it lacks a column.
    """
    ids, _ = row_ids(frame)
    for name in columns:
        require_column(frame, name, path=path, option="--slice")
    return {name: dict(zip(ids, frame[name].tolist(), strict=True)) for name in columns}
