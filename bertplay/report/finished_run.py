"""The validation rows of a finished run, with what its model predicted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bertplay import run_directory
from bertplay.data.errors import InputError
from bertplay.report.predicted_rows import PredictedRows
from bertplay.report.run_files import RunFiles

if TYPE_CHECKING:
    import pandas as pd

    from bertplay.options import TrainOptions


def validation_rows(run: RunFiles) -> dict[str, PredictedRows]:
    """Label column to its rows, of the columns whose rows have one class each.

    The texts are read from the tables that the run was trained on, the probabilities from its
    predictions.csv. The column of a run with a single one is "".

    Raises:
        InputError: a table is missing or has changed since, or predictions.csv does not fit it.
    """
    from bertplay.options import RECORDED, from_mapping

    config = dict(run.config)
    recorded = config.pop(RECORDED, {})
    options = from_mapping(config, run.folder / run_directory.CONFIG)
    predictions = _read_predictions(run.folder / run_directory.PREDICTIONS)
    if "tasks" in run.summary:
        return _of_tasks(options, recorded, predictions, run.folder)
    from bertplay.training_data import load_training_data

    rows = load_training_data(options).validation
    _require_same_table(rows.sha256, recorded, run.folder)
    assert rows.labels is not None
    shares = _shares(predictions, rows.ids, list(rows.classes), run.folder)
    return {"": PredictedRows(rows.ids, rows.texts, rows.labels, shares, rows.classes)}


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
    found = {}
    for name, labels in rows.labels.items():
        known = np.flatnonzero(labels.known)
        if labels.column.kind != "single_label" or not known.size:
            continue
        classes = labels.column.classes
        headings = [f"{name}_{label}" for label in classes]
        shares = _shares(predictions, rows.ids, headings, folder)[known]
        found[name] = PredictedRows(
            [rows.ids[row] for row in known],
            [rows.texts[row] for row in known],
            labels.numbers[known],
            shares,
            classes,
        )
    return found


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
