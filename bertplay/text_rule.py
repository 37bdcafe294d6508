"""How a row of a table becomes a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from bertplay.data.cells import cell_text
from bertplay.data.errors import InputError
from bertplay.data.table import require_column
from bertplay.data.template import render, template_columns
from bertplay.data.titanic import passenger_sentences

if TYPE_CHECKING:
    import pandas as pd

    Path = str | PathLike[str]


@dataclass(frozen=True)
class TextRule:
    """How a row becomes a text.

    Attributes:
        kind: "column" (the text stands in one), "template" (filled from several) or "titanic"
            (a passenger's sentence).
        value: the column or the template; empty for "titanic".
    """

    kind: Literal["column", "template", "titanic"]
    value: str = ""

    def texts_from(self, frame: pd.DataFrame, path: Path) -> list[str]:
        """One text for each row of a table; a missing text is an empty one.

        Args:
            frame: the table, from `bertplay.data.read_table`.
            path: its file, for messages.

        Raises:
            InputError: a column is missing, or every text is empty.
        """
        if self.kind == "titanic":
            return passenger_sentences(frame, path=path)
        if self.kind == "template":
            texts = render(self.value, frame, path=path)
        else:
            require_column(frame, self.value, path=path, option="--text")
            texts = [cell_text(value) for value in frame[self.value]]
        if not any(text.strip() for text in texts):
            raise InputError(f"{path}: every text is empty; name another column with --text")
        return texts

    def reading(self, column: str | None) -> TextRule:
        """The same rule for a table whose texts stand in another column; None changes nothing.

        Raises:
            InputError: the rule does not read a single column.
        """
        if column is None:
            return self
        if self.kind != "column":
            raise InputError(
                "--text names the column of the texts, and the model makes texts of several "
                "columns: leave --text out"
            )
        return TextRule("column", column)

    def columns(self) -> tuple[str, ...]:
        """The columns that the texts are made of, where the user named them."""
        if self.kind == "template":
            return template_columns(self.value)
        return (self.value,) if self.kind == "column" else ()


def stored_text_rule(values: Mapping[str, Any]) -> TextRule:
    """The rule from the values that a model's folder holds.

    Raises:
        InputError: its kind is unknown.
        KeyError, TypeError: a value is missing, or it is no mapping.
    """
    rule = TextRule(values["kind"], str(values["value"]))
    if rule.kind not in ("column", "template", "titanic"):
        raise InputError(f"the stored task makes texts by {rule.kind!r}, which is not known")
    return rule
