"""The predictions of several tasks as a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.atomic_files import write_atomically
from bertplay.multi_task.answers import answer
from bertplay.multi_task.classifier import probabilities
from bertplay.multi_task.data import MultiLabelledTexts
from bertplay.multi_task.labels import SEPARATOR, Labels
from bertplay.multi_task.task import LabelColumn

_DECIMALS = 6


def write_task_predictions(
    path: Path, rows: MultiLabelledTexts, outputs: Mapping[str, NDArray[np.float32]]
) -> None:
    """Write a CSV: id; of each task its label, the prediction, and each class's probability.

    The columns are `TASK`, `TASK_predicted` and `TASK_CLASS`; a label that is missing is empty,
    and several classes of a row stand with "|" between them.

    Args:
        path: the file.
        rows: N rows.
        outputs: task to its outputs, of the N rows.
    """
    columns = [labels.column for labels in rows.labels.values()]
    shares = {c.name: probabilities(outputs[c.name], c) for c in columns}

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *(name for c in columns for name in _headings(c))])
            for row, name in enumerate(rows.ids):
                cells = [_cells(rows.labels[c.name], shares[c.name], row) for c in columns]
                writer.writerow([name, *(cell for of_task in cells for cell in of_task)])

    write_atomically(path, write)


def prediction_table(
    heading: str,
    names: Sequence[str],
    columns: Sequence[LabelColumn],
    outputs: Mapping[str, NDArray[np.float64]],
) -> list[list[str]]:
    """Headings and rows: name; of each task the prediction and each class's probability.

    Args:
        heading: what the names are, "id" or "text".
        names: of N rows.
        columns: what was predicted.
        outputs: as `MultiTaskClassifier.predict_outputs` gives them.
    """
    table = [[heading, *(name for c in columns for name in [c.name, *_class_headings(c)])]]
    for row, name in enumerate(names):
        cells = [name]
        for c in columns:
            of_row = outputs[c.name][row]
            cells += [_text(answer(of_row, c)), *_figures(of_row, c)]
        table.append(cells)
    return table


def _headings(column: LabelColumn) -> list[str]:
    return [column.name, f"{column.name}_predicted", *_class_headings(column)]


def _class_headings(column: LabelColumn) -> list[str]:
    return [f"{column.name}_{name}" for name in column.classes]


def _cells(labels: Labels, shares: NDArray[np.float64], row: int) -> list[str]:
    column = labels.column
    label = ""
    if labels.known[row]:
        known: Any = labels.numbers[row]
        if column.kind == "single_label":
            known = np.eye(len(column.classes))[known]
        label = _text(answer(known, column))
    return [label, _text(answer(shares[row], column)), *_figures(shares[row], column)]


def _figures(shares: Any, column: LabelColumn) -> list[str]:
    return [f"{share:.{_DECIMALS}f}" for share in shares] if column.classes else []


def _text(value: str | list[str] | float) -> str:
    if isinstance(value, list):
        return SEPARATOR.join(value) or SEPARATOR
    return value if isinstance(value, str) else f"{value:.{_DECIMALS}g}"
