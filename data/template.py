"""Sentences made from a table's columns: "{title}: {body}"."""

from __future__ import annotations

import re
from os import PathLike
from typing import TYPE_CHECKING

from bertplay.data.cells import cell_text
from bertplay.data.errors import InputError
from bertplay.data.table import require_column

if TYPE_CHECKING:
    import pandas as pd

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<column>[^{}]+)\}|(?P<stray>[{}])")


def template_columns(template: str) -> tuple[str, ...]:
    """The columns that a template names, in order.

    Raises:
        InputError: a brace without its partner, or no column at all.
    """
    columns = []
    for token in _TOKEN.finditer(template):
        if token["stray"]:
            raise InputError(
                f"template {template!r}: the brace at character {token.start() + 1} encloses no "
                f"column; write {{{{ or }}}} for a brace in the text"
            )
        if token["column"]:
            columns.append(token["column"])
    if not columns:
        raise InputError(
            f"template {template!r} names no column: write column names in braces, "
            f'for example "{{title}}: {{body}}"'
        )
    return tuple(columns)


def render(template: str, frame: pd.DataFrame, *, path: str | PathLike[str] = "table") -> list[str]:
    """Fill a template from each row of a table.

    A missing value leaves nothing behind; the gap around it is closed. `{{` and `}}` are braces.

    Args:
        template: text with column names in braces.
        frame: the table.
        path: the file, for messages.

    Returns:
        One text a row.

    Raises:
        InputError: the template is malformed, or names a column that the table has not.
    """
    names = template_columns(template)
    for name in names:
        require_column(frame, name, path=path, option="--template")
    cells = {name: [cell_text(value) for value in frame[name]] for name in names}
    return [
        _fill(template, {name: cells[name][row] for name in cells}) for row in range(len(frame))
    ]


def _fill(template: str, values: dict[str, str]) -> str:
    def replacement(token: re.Match[str]) -> str:
        return values[token["column"]] if token["column"] else token[0][0]

    text = _TOKEN.sub(replacement, template)
    # Only where something is missing: elsewhere the user's own spacing stays.
    return text if all(values.values()) else " ".join(text.split())
