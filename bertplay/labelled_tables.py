"""Tables read as a task says: with labels to train or evaluate on, without to predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bertplay.data.cells import cell_text
from bertplay.data.dataset import LabelledTexts
from bertplay.data.errors import InputError
from bertplay.data.labels import class_name, encode_labels
from bertplay.data.source_file import file_sha256
from bertplay.data.table import read_table, require_column
from bertplay.task import Task
from bertplay.text_rule import TextRule

if TYPE_CHECKING:
    import pandas as pd

    Path = str | PathLike[str]

SURVIVED = "Survived"
UNNAMED = "LABEL_"
"""What transformers calls classes that got no names, before their numbers."""

_PASSENGER_ID = "PassengerId"
_ID_COLUMNS = (_PASSENGER_ID.lower(), "id")
_OUTCOMES = {
    **dict.fromkeys(("0", "false", "died"), "died"),
    **dict.fromkeys(("1", "true", "survived"), "survived"),
}


def load_evaluation_data(task: Task, path: Path, label: str | None = None) -> LabelledTexts:
    """Read a table with labels for a trained model.

    Args:
        task: of the model.
        path: the table.
        label: its label column, where it is not named as in training.

    Raises:
        InputError: the file or a column is missing, or a label is missing or was never trained on.
    """
    frame = read_table(path)
    option = "the label column of the training data; --label names another"
    if label is not None:
        task, option = replace(task, label_column=label), "--label"
    return labelled_texts(task, frame, path, file_sha256(path), option=option)


def load_prediction_table(task: Task, path: Path) -> LabelledTexts:
    """Read a table to predict; a label column is neither needed nor read.

    Raises:
        InputError: the file or a column of the text is missing.
    """
    frame = read_table(path)
    ids, id_column = row_ids(frame)
    texts = tuple(task.text_rule.texts_from(frame, path))
    return LabelledTexts(ids, texts, None, task.classes, str(path), file_sha256(path), id_column)


def load_texts(rule: TextRule, path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The row names and the texts of a table.

    Raises:
        InputError: the file or a column of the text is missing.
    """
    frame = read_table(path)
    ids, _ = row_ids(frame)
    return ids, tuple(rule.texts_from(frame, path))


def labelled_texts(
    task: Task, frame: pd.DataFrame, path: Path, sha256: str, *, option: str
) -> LabelledTexts:
    """The texts and labels of a table.

    Args:
        task: how to read it; a task without classes takes those that it finds.
        frame: the table, from `bertplay.data.read_table`.
        path: its file, for messages.
        sha256: the fingerprint of its bytes.
        option: what names the label column, for messages.

    Raises:
        InputError: a column is missing, or the labels cannot be used.
    """
    column = task.label_column
    names = [str(name) for name in frame.columns]
    if task.name == "titanic":
        # Kaggle writes Survived, the built-in table survived.
        column = next((name for name in names if name.lower() == column.lower()), column)
        option = "it holds 0 for died and 1 for survived"
    require_column(frame, column, path=path, option=option)
    values = frame[column]
    if task.name == "titanic":
        values = outcomes(values, path)
    values = _unnamed(values, task.classes)
    labels, classes = encode_labels(values, task.classes or None, path=path, column=column)
    ids, id_column = row_ids(frame)
    texts = tuple(task.text_rule.texts_from(frame, path))
    return LabelledTexts(ids, texts, labels, classes, str(path), sha256, id_column)


def _unnamed(values: pd.Series[Any], classes: Sequence[str]) -> pd.Series[Any]:
    """Numbers by the names that transformers gives them, where a model's classes have no others."""
    if not classes or any(name != f"{UNNAMED}{number}" for number, name in enumerate(classes)):
        return values
    return values.map(lambda value: f"{UNNAMED}{n}" if (n := class_name(value)).isdigit() else n)


def submission_columns(
    task: Task, data: LabelledTexts, predicted: Sequence[int] | NDArray[np.integer[Any]]
) -> dict[str, list[str] | list[int]] | None:
    """The two columns of a Kaggle submission, or None where the table is no Kaggle Titanic table.

    Args:
        task: the model's task.
        data: the table that was predicted, from `load_prediction_table`.
        predicted: [N] class numbers.

    Returns:
        PassengerId, and Survived as 0 or 1.
    """
    if task.name != "titanic" or data.id_column != _PASSENGER_ID:
        return None
    survived = task.classes.index("survived")
    return {
        _PASSENGER_ID: list(data.ids),
        SURVIVED: [int(number == survived) for number in predicted],
    }


def outcomes(values: pd.Series[Any], path: Path) -> pd.Series[Any]:
    """0 and 1 as "died" and "survived"; a missing value stays one.

    Raises:
        InputError: a value is neither.
    """
    for place, value in values.items():
        name = class_name(value)
        if name and name.lower() not in _OUTCOMES:
            raise InputError(
                f"{path}, column {values.name!r}, {values.index.name or 'row'} {place}: "
                f"0 (died) or 1 (survived) was expected, not {name!r}"
            )
    return values.map(lambda value: _OUTCOMES.get(class_name(value).lower()))


def row_ids(frame: pd.DataFrame) -> tuple[tuple[str, ...], str | None]:
    """The table's own ids where a column PassengerId or id has one a row, else 1, 2, ..."""
    for wanted in _ID_COLUMNS:
        for column in frame.columns:
            if str(column).lower() == wanted:
                ids = tuple(cell_text(value).strip() for value in frame[column])
                if all(ids) and len(set(ids)) == len(ids):
                    return ids, _PASSENGER_ID if wanted == _PASSENGER_ID.lower() else str(column)
    return tuple(str(number) for number in range(1, len(frame) + 1)), None
