"""The cells of a label column as numbers that a head can learn, and which rows have them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bertplay.data.cells import cell_text, reads_as_missing
from bertplay.data.errors import InputError
from bertplay.data.labels import class_name, encode_labels, sorted_classes
from bertplay.data.wording import did_you_mean, listed
from bertplay.multi_task.task import Kind, LabelColumn

if TYPE_CHECKING:
    import pandas as pd

    Path = str | PathLike[str]

SEPARATOR = "|"
"""Between the classes of a multi-label cell; a cell of nothing else has no class."""

_MANY_VALUES = 20


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of N rows in one column.

    Attributes:
        column: what they are.
        numbers: `[N]` int32 class numbers, `[N, C]` float32 of 0 and 1, or `[N]` float32 numbers;
            0 where a row has no label.
        known: `[N]` booleans, which rows have a label.
    """

    column: LabelColumn
    numbers: NDArray[Any]
    known: NDArray[np.bool_]

    def select(self, rows: NDArray[np.int64]) -> Labels:
        """The given rows, in the given order."""
        return Labels(self.column, self.numbers[rows], self.known[rows])

    def targets(self) -> NDArray[Any]:
        """What the head learns: the labels, those of a regression with mean 0 and variance 1."""
        if self.column.kind != "regression":
            return self.numbers
        standard = (self.numbers - self.column.mean) / self.column.scale
        return np.where(self.known, standard, 0.0).astype(np.float32)

    def standardised(self, train: Labels) -> Labels:
        """The same labels, with the mean and the scale of the training labels in the column."""
        if self.column.kind != "regression":
            return self
        known = train.numbers[train.known].astype(np.float64)
        # Labels that are all the same have no scale.
        scale = float(known.std()) or 1.0
        return replace(self, column=replace(self.column, mean=float(known.mean()), scale=scale))

    @property
    def class_counts(self) -> dict[str, int]:
        """Class to its number of labelled rows; empty for a regression."""
        if self.column.kind == "regression":
            return {}
        known = self.numbers[self.known]
        classes = self.column.classes
        if self.column.kind == "single_label":
            counts = np.bincount(known, minlength=len(classes))
        else:
            counts = known.sum(axis=0).astype(int)
        return dict(zip(classes, counts.tolist(), strict=True))


def guess_kind(values: Sequence[object]) -> Kind:
    """The kind of task a column looks like.

    Lists, and texts with "|" in them, are "multi_label"; numbers of which some are no whole ones,
    and of which there are many, are a "regression"; all else is "single_label".
    """
    known = [value for value in values if not reads_as_missing(value)]
    if any(isinstance(v, list) or (isinstance(v, str) and SEPARATOR in v) for v in known):
        return "multi_label"
    try:
        numbers = {float(cell_text(value)) for value in known}
    except ValueError:
        return "single_label"
    fractions = any(not number.is_integer() for number in numbers)
    return "regression" if fractions and len(numbers) > _MANY_VALUES else "single_label"


def read_labels(
    values: pd.Series[Any],
    name: str,
    kind: Kind,
    *,
    path: Path,
    classes: tuple[str, ...] | None = None,
) -> Labels:
    """Read a label column; a cell without a label is a row that teaches the other tasks only.

    Args:
        values: N cells; the index gives the lines for messages.
        name: of the column.
        kind: of the task.
        path: the file, for messages.
        classes: those of the training data; None to find them here.

    Raises:
        InputError: no row has a label, or a label cannot be read as the kind says; the task, the
            line and the label are named.
    """
    known = np.array([not reads_as_missing(value) for value in values])
    if not known.any():
        raise InputError(
            f"{path}: task {name!r} has no labelled row; fill in its column or leave the task out"
        )
    given = values[known]
    numbers: NDArray[Any]
    found: tuple[str, ...] = ()
    if kind == "single_label":
        numbers, found = encode_labels(given, classes, path=path, column=name)
    elif kind == "multi_label":
        numbers, found = _encode_sets(given, classes, path, name)
    else:
        numbers = _numbers(given, path, name)
    everywhere = np.zeros((len(values), *numbers.shape[1:]), dtype=numbers.dtype)
    everywhere[known] = numbers
    return Labels(LabelColumn(name, kind, found), everywhere, known)


def _encode_sets(
    values: pd.Series[Any], classes: tuple[str, ...] | None, path: Path, name: str
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    sets = [_class_set(value) for value in values]
    if classes is None:
        classes = sorted_classes([label for labels in sets for label in labels])
        if not classes:
            raise InputError(f"{path}: no row of task {name!r} has a class")
    place = {label: number for number, label in enumerate(classes)}
    matrix = np.zeros((len(sets), len(classes)), dtype=np.float32)
    for row, (index, labels) in enumerate(zip(values.index, sets, strict=True)):
        for label in labels:
            if label not in place:
                raise InputError(
                    f"{path}, column {name!r}, {values.index.name or 'row'} {index}: the training "
                    f"data has no class {label!r}, only {listed(classes)}"
                    f"{did_you_mean(label, classes)}"
                )
            matrix[row, place[label]] = 1.0
    return matrix, classes


def _class_set(value: object) -> list[str]:
    """The classes of a cell: a list, a JSON list, or names with "|" between them."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, str) and value.strip().startswith("["):
        with suppress(json.JSONDecodeError):
            value = json.loads(value)
    parts = value if isinstance(value, list) else cell_text(value).split(SEPARATOR)
    return [label for label in map(class_name, parts) if label]


def _numbers(values: pd.Series[Any], path: Path, name: str) -> NDArray[np.float32]:
    numbers = np.empty(len(values), dtype=np.float32)
    for row, (index, value) in enumerate(values.items()):
        try:
            number = float(cell_text(value).strip())
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InputError(
                f"{path}, column {name!r}, {values.index.name or 'row'} {index}: {value!r} is no "
                f"number, and task {name!r} is a regression; give it a loss for classes, or "
                "correct the cell"
            )
        numbers[row] = number
    return numbers
