"""Tables to look at: a built-in one by its name, or a user's file."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bertplay.data.cells import cell_text
from bertplay.data.emotions import read_emotions
from bertplay.data.errors import InputError
from bertplay.data.labels import class_name
from bertplay.data.table import read_table, require_column
from bertplay.data.table_check import Rows
from bertplay.data.titanic import read_passengers
from bertplay.labelled_tables import outcomes
from bertplay.options import TrainOptions
from bertplay.task import Task
from bertplay.text_rule import TextRule
from bertplay.training_data import choose_task

if TYPE_CHECKING:
    import pandas as pd

BUILT_IN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "titanic": ("who survived, from name, sex, age and class", "facts"),
        "emotion": ("invented sentences, labels of eight kinds", "CC0"),
    }
)
"""The name of each table to what it holds and its licence."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table with the texts and labels that a model would see.

    Attributes:
        source: the file, or the name of a built-in table.
        frame: all its columns.
        rows: texts, labels and places.
        text_rule: how the texts were made.
        label_column: where the labels stand.
    """

    source: str
    frame: pd.DataFrame
    rows: Rows
    text_rule: TextRule
    label_column: str

    def cells(self, row: int) -> str:
        """The row's other cells, as "column value" with commas between."""
        hidden = {self.label_column, *self.text_rule.columns()}
        values = self.frame.iloc[row].items()
        shown = ((str(name), cell_text(value)) for name, value in values if name not in hidden)
        return ", ".join(f"{name} {value}" for name, value in shown if value)

    def facts(self) -> dict[str, Any]:
        """Rows, classes with their rows, imbalance, lengths; ready for JSON."""
        counts = Counter(label for label in self.rows.labels if label)
        lengths = [len(text.split()) for text in self.rows.texts]
        return {
            "source": self.source,
            "rows": len(self.rows.texts),
            "classes": dict(counts),
            "imbalance_ratio": max(counts.values()) / min(counts.values()) if counts else None,
            "words": {"median": int(statistics.median(lengths)), "longest": max(lengths)},
        }


def open_table(
    name: str, *, text: str | None = None, template: str | None = None, label: str | None = None
) -> Table:
    """Open a built-in table, or a file.

    Args:
        name: of a built-in table, or a file's path.
        text: column that holds the text; None decides as `bertplay train` does.
        template: sentence made from columns, instead.
        label: column that holds the class.

    Raises:
        InputError: the file is missing or no table, a column is missing, or an option is given
            with a built-in table.
    """
    if name in BUILT_IN:
        if any((text, template, label)):
            raise InputError(f"{name} knows its columns: leave out --text, --template and --label")
        frame, task = _built_in(name)
    else:
        frame = read_table(name)
        task = choose_task(TrainOptions(text=text, template=template, label=label), frame, name)
    column = next(
        (str(own) for own in frame.columns if str(own).lower() == task.label_column.lower()),
        task.label_column,
    )
    require_column(frame, column, path=name, option="--label")
    values = outcomes(frame[column], name) if task.name == "titanic" else frame[column]
    rows = Rows(
        task.text_rule.texts_from(frame, name),
        [class_name(value) for value in values],
        list(frame.index),
        str(frame.index.name or "row"),
    )
    return Table(name, frame, rows, task.text_rule, column)


def _built_in(name: str) -> tuple[pd.DataFrame, Task]:
    if name == "titanic":
        return read_passengers(), Task("titanic", TextRule("titanic"), "survived", ())
    return read_emotions(), Task("emotion", TextRule("column", "text"), "emotion", ())
