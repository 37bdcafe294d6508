"""The held-out rows of a finished run, with what its model predicted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bertplay import run_directory
from bertplay.data.errors import InputError
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.rows_of_tasks import Rows, rows_of_tasks, with_columns
from bertplay.report.run_files import RunFiles

if TYPE_CHECKING:
    import pandas as pd

    from bertplay.options import TrainOptions

Split = Literal["validation", "test"]
SPLITS: tuple[Split, ...] = ("validation", "test")

_FILES = {
    "validation": run_directory.PREDICTIONS,
    "test": run_directory.TEST_PREDICTIONS,
}


@dataclass(frozen=True)
class _Predictions:
    """A table of predictions that a run has written, and its file."""

    frame: pd.DataFrame
    path: Path


def validation_rows(run: RunFiles, slices: Sequence[str] = ()) -> dict[str, PredictedRows]:
    """Of the label columns whose rows have one class each, the validation rows.

    Arguments and errors as of `held_out_rows`.
    """
    rows = held_out_rows(run, "validation", slices)
    return {name: of for name, of in rows.items() if isinstance(of, PredictedRows)}


def held_out_rows(run: RunFiles, split: Split, slices: Sequence[str] = ()) -> dict[str, Rows]:
    """Label column to its rows; the column of a run with a single one is "".

    The texts are read from the tables that the run was trained on, the probabilities from its
    predictions.csv or test_predictions.csv.

    Args:
        run: its files.
        split: which rows.
        slices: columns of the table to group the rows by.

    Raises:
        InputError: the run has no test rows, a table is missing or has changed since, it lacks a
            column to group by, or the predictions do not fit it.
    """
    from bertplay.options import RECORDED, from_mapping

    if split == "test" and "test" not in run.summary:
        raise InputError(
            f"--split test: {run.folder} has no test rows; diagnose a table with labels with --data"
        )
    config = dict(run.config)
    recorded = config.pop(RECORDED, {})
    options = from_mapping(config, run.folder / run_directory.CONFIG)
    predictions = _read_predictions(run.folder / _FILES[split])
    read = _of_tasks if "tasks" in run.summary else _of_classifier
    found = read(options, recorded, predictions, split, run.folder)
    return with_columns(found, table_cells(options, slices)) if slices else found


def _of_classifier(
    options: TrainOptions,
    recorded: Mapping[str, Any],
    predictions: _Predictions,
    split: Split,
    folder: Path,
) -> dict[str, Rows]:
    from bertplay.training_data import load_training_data

    data = load_training_data(options)
    _require_same_table(data.validation.sha256, recorded, folder)
    rows = data.validation if split == "validation" else data.test
    assert rows is not None
    assert rows.labels is not None
    shares = _shares(predictions, rows.ids, list(rows.classes))
    return {"": PredictedRows(rows.ids, rows.texts, rows.labels, shares, rows.classes)}


def _of_tasks(
    options: TrainOptions,
    recorded: Mapping[str, Any],
    predictions: _Predictions,
    split: Split,
    folder: Path,
) -> dict[str, Rows]:
    from bertplay.multi_task.data import load_multi_task_data
    from bertplay.multi_task.preparation import all_task_options

    data = load_multi_task_data(options, all_task_options(options))
    _require_same_table(data.validation.sha256, recorded, folder)
    rows = data.validation if split == "validation" else data.test
    assert rows is not None
    outputs = {}
    for name, labels in rows.labels.items():
        classes = [f"{name}_{label}" for label in labels.column.classes]
        shares = _shares(predictions, rows.ids, classes or [f"{name}_predicted"])
        outputs[name] = shares if classes else shares[:, 0]
    return rows_of_tasks(rows.ids, rows.texts, rows.labels, outputs)


def table_cells(options: TrainOptions, columns: Sequence[str]) -> dict[str, dict[str, object]]:
    """Of the table with the held-out rows: column to row id to cell.

    Raises:
        InputError: the table lacks a column.
    """
    from bertplay.data.emotions import read_emotions
    from bertplay.data.titanic import read_passengers
    from bertplay.report.table_cells import cells_by_id, cells_of_table

    path = options.validation or options.data
    if path is not None:
        return cells_of_table(path, columns)
    frame = read_emotions() if options.task == "emotion" else read_passengers()
    return cells_by_id(frame, columns, "the built-in table")


def _read_predictions(path: Path) -> _Predictions:
    import pandas as pd

    try:
        return _Predictions(pd.read_csv(path, dtype={"id": str}, keep_default_na=False), path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _shares(predictions: _Predictions, ids: Sequence[str], headings: Sequence[str]) -> Any:
    """`[N, C]` the numbers under the headings, of the rows in their order."""
    frame = predictions.frame
    columns = [str(column) for column in frame.columns]
    missing = [heading for heading in ("id", *headings) if heading not in columns]
    if missing or list(frame["id"]) != list(ids):
        what = f"has no column {missing[0]!r}" if missing else "has other rows"
        raise InputError(f"{predictions.path} {what}: it is not what the run has written")
    try:
        shares = frame[list(headings)].to_numpy(dtype=np.float64)
    except ValueError as error:
        raise InputError(
            f"{predictions.path} is damaged, {error}: it is not what the run has written"
        ) from None
    return shares


def _require_same_table(sha256: str, recorded: Mapping[str, Any], folder: Path) -> None:
    if recorded.get("validation_sha256", sha256) != sha256:
        raise InputError(
            f"the validation table is not the one that {folder} was trained with: put the old one "
            "back, or diagnose its predictions alone with --predictions"
        )
