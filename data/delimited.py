"""CSV and TSV files: every cell is the text that stands in the file, an empty cell is missing."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING

from bertplay.data.errors import InputError
from bertplay.data.source_file import read_utf8

if TYPE_CHECKING:
    import pandas as pd


def read_delimited(path: str | PathLike[str], delimiter: str) -> pd.DataFrame:
    """A table of strings (missing: None) whose index holds the line at which each row begins.

    Nothing is guessed: "NA" stays a text, "007" keeps its zeros and "1" does not become 1.0.

    Args:
        path: the file; the first line is the header.
        delimiter: the character between two cells.

    Raises:
        InputError: no rows, duplicate column names, a row of another length, an unclosed quote.
    """
    import pandas as pd

    records = _records(path, delimiter)
    _, header = next(records, (0, []))
    if not header:
        raise InputError(f"{path} is empty: a table needs a header and rows")
    names = _column_names(header, path)
    lines: list[int] = []
    # Straight into columns: a list for each row would need more memory than the file.
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    for line, cells in records:
        if len(cells) != len(names):
            raise InputError(
                f"{path}, line {line}: {len(cells)} cells where the header has {len(names)}; "
                f"put texts that contain the separator or line breaks in double quotes"
            )
        lines.append(line)
        for column, cell in zip(columns.values(), cells, strict=True):
            column.append(cell or None)
    if not lines:
        raise InputError(f"{path} has a header but no rows")
    index = pd.Index(lines, name="line")
    frame: pd.DataFrame = pd.DataFrame(columns, index=index, dtype=object)
    return frame


def _records(path: str | PathLike[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each non-blank record with the line at which it begins."""
    # Decoded piece by piece: a StringIO would hold four bytes a character.
    content = io.BytesIO(read_utf8(path).encode())
    begins = 1
    with _long_cells_allowed(), io.TextIOWrapper(content, encoding="utf-8", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                # A blank line is no row.
                if cells:
                    yield begins, cells
                begins = reader.line_num + 1
        except csv.Error as error:
            raise InputError(
                f"{path}, line {begins}: a double quote is not closed or not doubled ({error}); "
                f'write a quote inside a quoted text as ""'
            ) from error


@contextmanager
def _long_cells_allowed() -> Iterator[None]:
    """Lift the csv module's limit of 131,072 characters a cell while a file is read."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _column_names(header: list[str], path: str | PathLike[str]) -> list[str]:
    """The header without outer spaces; a nameless column (pandas' saved index) gets a name."""
    names = [name.strip() or f"Unnamed: {place}" for place, name in enumerate(header)]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path} has {names.count(name)} columns named {name!r}: rename them")
    return names
