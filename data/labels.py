"""Class names and their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bertplay.data.cells import cell_text, reads_as_missing
from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed, named_places

if TYPE_CHECKING:
    import pandas as pd

_WHOLE_AS_FLOAT = re.compile(r"([+-]?\d+)\.0")


def class_name(value: object) -> str:
    """A label cell as the name of its class; "" where there is none.

    Outer spaces go, and "1.0" is class "1": tables write whole numbers that way once a value is
    missing. The letters nan are no label.
    """
    if reads_as_missing(value):
        return ""
    name = cell_text(value).strip()
    whole = _WHOLE_AS_FLOAT.fullmatch(name)
    return whole[1] if whole else name


def encode_labels(
    values: pd.Series | Sequence[object],
    classes: Sequence[str] | None = None,
    *,
    path: str | PathLike[str],
    column: str,
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Number the classes of a label column.

    Args:
        values: N labels; the index of a Series from `read_table` gives the lines for messages.
        classes: the classes of the training data, or None to find them here: sorted, by value
            where all are numbers.
        path: the file, for messages.
        column: the column's name, for messages.

    Returns:
        Labels [N] in 0 .. C-1, and the C class names.

    Raises:
        InputError: a row without a label; and with `classes` a label that is not among them, or
            without it a single class, or a class with a single row.
    """
    kind, places = _places(values)
    where = f"{path}, column {column!r}"
    names = []
    name_of: dict[str, str] = {}  # few names stand in many rows
    for place, value in zip(places, values, strict=True):
        if isinstance(value, list | dict | np.ndarray):
            raise InputError(
                f"{where}, {kind} {place}: one class was expected, not {cell_text(value)}"
            )
        if not isinstance(value, str):
            names.append(class_name(value))
            continue
        if value not in name_of:
            name_of[value] = class_name(value)
        names.append(name_of[value])

    unlabelled = [place for place, name in zip(places, names, strict=True) if not name]
    if unlabelled:
        rows = "1 row has" if len(unlabelled) == 1 else f"{len(unlabelled)} rows have"
        raise InputError(
            f"{where}: {rows} no label ({named_places(unlabelled, kind)}); "
            f"fill in the labels or remove the rows"
        )
    if classes is None:
        classes = _find_classes(names, places, kind, where)
    number = {name: index for index, name in enumerate(classes)}
    for place, name in zip(places, names, strict=True):
        if name not in number:
            raise InputError(
                f"{where}, {kind} {place}: the training data has no class {name!r}, only "
                f"{listed(classes)}{_counts(names, classes)}{did_you_mean(name, classes)}"
            )
    return np.array([number[name] for name in names], dtype=np.int32), tuple(classes)


def _counts(names: Sequence[str], classes: Sequence[str]) -> str:
    """How many classes a column has, where that is not how many a model knows."""
    found = len(set(names))
    if found == len(classes):
        return ""
    return f" (the model has {len(classes)} classes, the column {found})"


def sorted_classes(names: Sequence[str]) -> tuple[str, ...]:
    """The distinct names in order: by value where all are numbers ("2" before "10")."""
    distinct = sorted(set(names))
    try:
        return tuple(sorted(distinct, key=float))
    except ValueError:
        return tuple(distinct)


def _find_classes(
    names: Sequence[str], places: Sequence[object], kind: str, where: str
) -> tuple[str, ...]:
    rows: dict[str, list[object]] = {}
    for place, name in zip(places, names, strict=True):
        rows.setdefault(name, []).append(place)
    if len(rows) == 1:
        raise InputError(
            f"{where}: every row has the class {names[0]!r}; a classifier needs at least two"
        )
    single = [name for name, found in rows.items() if len(found) == 1]
    if single:
        others = f" (and so have {len(single) - 1} other classes)" if len(single) > 1 else ""
        raise InputError(
            f"{where}: class {single[0]!r} has a single row ({kind} {rows[single[0]][0]}){others}; "
            f"a class needs one row to train on and one to check: add rows, merge the class into "
            f"another, or remove it"
        )
    return sorted_classes(names)


def _places(values: pd.Series | Sequence[object]) -> tuple[str, list[object]]:
    """What to call a row's place in the file, and the place of each row."""
    index = getattr(values, "index", None)
    if index is None or callable(index):
        return "row", list(range(1, len(values) + 1))
    return str(index.name or "row"), list(index)
