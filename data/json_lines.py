"""JSON Lines files: one object a line."""

from __future__ import annotations

import json
from os import PathLike
from typing import TYPE_CHECKING, Any

from bertplay.data.errors import InputError
from bertplay.data.source_file import read_utf8

if TYPE_CHECKING:
    import pandas as pd


def read_json_lines(path: str | PathLike[str]) -> pd.DataFrame:
    """A table of the objects' values as they are, whose index holds each row's line.

    A key that an object lacks is missing (None) there; blank lines are skipped.

    Raises:
        InputError: a line that is not JSON or not an object, named by its number.
    """
    import pandas as pd

    lines: list[int] = []
    rows: list[dict[str, Any]] = []
    for number, text in enumerate(read_utf8(path).split("\n"), start=1):
        if text.strip():
            rows.append(_parse_object(text, path, number))
            lines.append(number)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise InputError(f"{path} has rows but no columns: its objects are empty")
    columns = {name: [row.get(name) for row in rows] for name in names}
    index = pd.Index(lines, name="line")
    frame: pd.DataFrame = pd.DataFrame(columns, index=index, dtype=object)
    return frame


def _parse_object(text: str, path: str | PathLike[str], line: int) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(
            f"{path}, line {line}: not valid JSON ({error}); write one object a line"
        ) from error
    if not isinstance(value, dict):
        raise InputError(
            f'{path}, line {line}: an object such as {{"text": ..., "label": ...}} was expected, '
            f"not a JSON {type(value).__name__}"
        )
    return value
