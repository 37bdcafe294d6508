"""Read a table of any supported kind, and ask it for a column."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from bertplay.data.delimited import read_delimited
from bertplay.data.errors import InputError
from bertplay.data.json_lines import read_json_lines
from bertplay.data.parquet import read_parquet
from bertplay.data.source_file import read_source
from bertplay.data.wording import did_you_mean, listed

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")


def read_table(path: str | PathLike[str]) -> pd.DataFrame:
    """Read a CSV, TSV, JSONL or Parquet table, chosen by the file's ending.

    The columns hold Python objects: strings as written in CSV and TSV, typed values in JSONL and
    Parquet, None where nothing stands. The index is the place to show a user: the line of the file
    (`index.name == "line"`), or in Parquet the row counted from 1 (`"row"`).

    Args:
        path: the file; its ending is .csv, .tsv, .jsonl or .parquet.

    Raises:
        InputError: the file is missing, a folder, empty, without rows, not UTF-8, not of its kind,
            or two of its columns have the same name.
    """
    ending = Path(path).suffix.lower()
    if ending == ".csv":
        return read_delimited(path, ",")
    if ending == ".tsv":
        return read_delimited(path, "\t")
    if ending == ".jsonl":
        return read_json_lines(path)
    if ending == ".parquet":
        return read_parquet(path)
    # A misspelt name is likelier than a wrong ending, and is told first.
    read_source(path)
    raise InputError(f"{path}: a table's name must end in one of {', '.join(ENDINGS)}")


def require_column(
    frame: pd.DataFrame, column: str, *, path: str | PathLike[str], option: str
) -> None:
    """Check that a table has a column.

    Args:
        frame: the table.
        column: the column's name, exactly as in the table.
        path: the file, for the message.
        option: what asked for the column, for the message, e.g. "--label".

    Raises:
        InputError: it has not; the nearest name and all names are given.
    """
    names = [str(name) for name in frame.columns]
    if column in names:
        return
    hint = did_you_mean(column, names)
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|,"):
        hint = "; its cells are not separated as its ending says"
    raise InputError(f"{path} has no column {column!r} ({option}), only {listed(names)}{hint}")
