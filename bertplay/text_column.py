"""Texts from whatever holds them in Python: lists, arrays, columns, and tables with a template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bertplay.data.cells import is_missing, writable
from bertplay.data.errors import InputError
from bertplay.data.template import render

if TYPE_CHECKING:
    import pandas as pd


def texts_of(values: Any, template: str | None = None) -> list[str]:
    """One text a row; a missing one (None, NaN) is empty.

    Args:
        values: N texts as a list, a NumPy array, or a column of pandas or polars; or a table of
            pandas or polars, with a template or with a single column.
        template: such as "{title}: {body}", filled from the columns of a table.

    Raises:
        InputError: it is one text and not a list, a value is no text, or template and table do not
            go together.
    """
    if isinstance(values, str | bytes):
        raise InputError("X is a single text: give a list of texts")
    if hasattr(values, "columns"):
        frame = _pandas(values)
        if template is not None:
            return render(template, frame, path="X")
        if len(frame.columns) != 1:
            raise InputError(
                f"X is a table of {len(frame.columns)} columns: say how a row becomes a text with "
                f'template, such as "{{{frame.columns[0]}}}", or give a single column'
            )
        values = frame.iloc[:, 0]
    elif template is not None:
        raise InputError("template needs a table: give X as a DataFrame of pandas or polars")
    shape = getattr(values, "shape", None)
    if shape is not None and len(shape) != 1:
        if len(shape) != 2 or shape[1] != 1:
            raise InputError(f"X has the shape {tuple(shape)}: one text a row was expected, [N]")
        values = values[:, 0]
    return [_text(value, row) for row, value in enumerate(values, start=1)]


def _text(value: Any, row: int) -> str:
    if is_missing(value):
        return ""
    if not isinstance(value, str):
        raise InputError(f"X, row {row}: a text was expected, not {value!r:.60}")
    return writable(value)


def _pandas(table: Any) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = table
    if not isinstance(table, pd.DataFrame):
        frame = pd.DataFrame({name: table[name].to_list() for name in table.columns})
    return frame
