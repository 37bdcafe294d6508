"""The validation rows of a finished run, with what its model predicted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bertplay import run_directory
from bertplay.data.errors import InputError
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.rows_of_tasks import rows_of_tasks
from bertplay.report.run_files import RunFiles

if TYPE_CHECKING:
    import pandas as pd

    from bertplay.options import TrainOptions


def validation_rows(run: RunFiles, slices: Sequence[str] = ()) -> dict[str, PredictedRows]:
    """Label column to its rows, of the columns whose rows have one class each.

    The texts are read from the tables that the run was trained on, the probabilities from its
    predictions.csv. The column of a run with a single one is "".

    Args:
        run: its files.
        slices: columns of the table to group the rows by.

    Raises:
        InputError: a table is missing or has changed since, it lacks a column to group by, or
            predictions.csv does not fit it.
    """
    from bertplay.options import RECORDED, from_mapping

    config = dict(run.config)
    recorded = config.pop(RECORDED, {})
    options = from_mapping(config, run.folder / run_directory.CONFIG)
    predictions = _read_predictions(run.folder / run_directory.PREDICTIONS)
    if "tasks" in run.summary:
        found = _of_tasks(options, recorded, predictions, run.folder)
    else:
        found = {"": _of_classifier(options, recorded, predictions, run.folder)}
    if not slices:
        return found
    cells = table_cells(options, slices)
    return {
        name: replace(rows, columns={c: [cells[c][i] for i in rows.ids] for c in slices})
        for name, rows in found.items()
    }


def _of_classifier(
    options: TrainOptions,
    recorded: Mapping[str, Any],
    predictions: pd.DataFrame,
    folder: Path,
) -> PredictedRows:
    from bertplay.training_data import load_training_data

    rows = load_training_data(options).validation
    _require_same_table(rows.sha256, recorded, folder)
    assert rows.labels is not None
    shares = _shares(predictions, rows.ids, list(rows.classes), folder)
    return PredictedRows(rows.ids, rows.texts, rows.labels, shares, rows.classes)


def _of_tasks(
    options: TrainOptions,
    recorded: Mapping[str, Any],
    predictions: pd.DataFrame,
    folder: Path,
) -> dict[str, PredictedRows]:
    from bertplay.multi_task.data import load_multi_task_data
    from bertplay.multi_task.preparation import all_task_options

    rows = load_multi_task_data(options, all_task_options(options)).validation
    _require_same_table(rows.sha256, recorded, folder)
    shares = {
        name: _shares(
            predictions, rows.ids, [f"{name}_{label}" for label in labels.column.classes], folder
        )
        for name, labels in rows.labels.items()
        if labels.column.kind == "single_label"
    }
    return rows_of_tasks(rows.ids, rows.texts, rows.labels, shares)


def table_cells(options: TrainOptions, columns: Sequence[str]) -> dict[str, dict[str, object]]:
    """Of the table with the validation rows: column to row id to cell.

    Raises:
        InputError: the table lacks a column.
    """
    from bertplay.data.emotions import read_emotions
    from bertplay.data.table import read_table, require_column
    from bertplay.data.titanic import read_passengers
    from bertplay.labelled_tables import row_ids

    path = options.validation or options.data
    if path is not None:
        frame = read_table(path)
    else:
        frame = read_emotions() if options.task == "emotion" else read_passengers()
    ids, _ = row_ids(frame)
    for name in columns:
        require_column(frame, name, path=path or "the built-in table", option="--slice")
    return {name: dict(zip(ids, frame[name].tolist(), strict=True)) for name in columns}


def _read_predictions(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path, dtype={"id": str}, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _shares(
    predictions: pd.DataFrame, ids: Sequence[str], headings: Sequence[str], folder: Path
) -> Any:
    """`[N, C]` the probabilities under the headings, of the rows in their order."""
    columns = [str(column) for column in predictions.columns]
    missing = [heading for heading in ("id", *headings) if heading not in columns]
    if missing or list(predictions["id"]) != list(ids):
        what = f"has no column {missing[0]!r}" if missing else "has other rows"
        raise InputError(
            f"{folder / run_directory.PREDICTIONS} {what}: it is not what the run has written"
        )
    return predictions[list(headings)].to_numpy(dtype=np.float64)


def _require_same_table(sha256: str, recorded: Mapping[str, Any], folder: Path) -> None:
    if recorded.get("validation_sha256", sha256) != sha256:
        raise InputError(
            f"the validation table is not the one that {folder} was trained with: put the old one "
            "back, or diagnose its predictions alone with --predictions"
        )
