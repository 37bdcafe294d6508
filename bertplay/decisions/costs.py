"""What each mistake costs, from a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bertplay.data.errors import InputError


def read_costs(path: str, classes: Sequence[str]) -> NDArray[np.float64]:
    """Read a table with a row for each true class and a column for each predicted one.

    The first line has the predicted classes behind a cell of any content, each further line a
    true class and its costs. The order is free; only the differences within a row matter.

    Args:
        path: the CSV file.
        classes: C names.

    Returns:
        `[C, C]`, row by true class, column by predicted class, in the order of `classes`.

    Raises:
        InputError: the file is missing or no CSV, a class is missing, unknown or twice there, or
            a cost is no finite number.
    """
    try:
        with Path(path).expanduser().open(encoding="utf-8-sig", newline="") as file:
            lines = [[cell.strip() for cell in line] for line in csv.reader(file) if any(line)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read ({error}): give a CSV file of costs") from None
    if not lines:
        raise InputError(f"{path} is empty: {_form(classes)}")
    predicted, true = lines[0][1:], [line[0] for line in lines[1:]]
    _require_same(predicted, classes, path, "the first line")
    _require_same(true, classes, path, "the first column")
    costs = np.empty((len(classes), len(classes)))
    for name, line in zip(true, lines[1:], strict=True):
        if len(line) != len(classes) + 1:
            raise InputError(
                f"{path}, row {name!r}: it has {len(line) - 1} costs, and {len(classes)} are needed"
            )
        for column, cell in zip(predicted, line[1:], strict=True):
            costs[classes.index(name), classes.index(column)] = _cost(cell, path, name, column)
    return costs


def _cost(cell: str, path: str, true: str, predicted: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{path}, row {true!r}, column {predicted!r}: a number was expected, not {cell!r}"
        )
    return value


def _require_same(found: Sequence[str], classes: Sequence[str], path: str, where: str) -> None:
    unknown = [name for name in found if name not in classes]
    missing = [name for name in classes if name not in found]
    if unknown:
        raise InputError(
            f"{path}: {where} names {unknown[0]!r}, which is no class of the model: "
            f"{_form(classes)}"
        )
    if missing:
        raise InputError(f"{path}: {where} lacks the class {missing[0]!r}: {_form(classes)}")
    if len(found) != len(classes):
        raise InputError(f"{path}: {where} names a class twice: {_form(classes)}")


def _form(classes: Sequence[str]) -> str:
    return (
        "the file needs a row for each true class and a column for each predicted one, "
        f"{', '.join(map(repr, classes[:5]))}{', ...' if len(classes) > 5 else ''}"
    )
