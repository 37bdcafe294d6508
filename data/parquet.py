"""Parquet files, through pyarrow, which is optional."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from bertplay.data.errors import InputError
from bertplay.data.source_file import read_source

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(path: str | PathLike[str]) -> pd.DataFrame:
    """A table of Python values (missing: None) whose index counts the rows from 1.

    Raises:
        InputError: pyarrow is not installed, or the file is not a Parquet table with rows.
    """
    content = read_source(path)
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise InputError(
            f"{path}: Parquet needs pyarrow; install it with: pip install 'bertplay[parquet]'"
        ) from error
    import pandas as pd

    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a Parquet file: {_first_line(error)}") from error
    names = [str(name) for name in table.column_names]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path} has {names.count(name)} columns named {name!r}: rename them")
    if not table.num_rows or not names:
        raise InputError(f"{path} has {len(names)} columns but no rows")
    # Not through to_pandas: it turns a column of integers with a missing value into floats.
    columns = {name: table.column(place).to_pylist() for place, name in enumerate(names)}
    rows = pd.RangeIndex(1, table.num_rows + 1, name="row")
    frame: pd.DataFrame = pd.DataFrame(columns, index=rows, dtype=object)
    return frame


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["unreadable"])[0]
