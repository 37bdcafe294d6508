"""A model with several heads on a table with labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from bertplay.data.errors import InputError
from bertplay.data.source_file import file_sha256
from bertplay.data.table import read_table
from bertplay.multi_task.classifier import MultiTaskClassifier
from bertplay.multi_task.data import MultiLabelledTexts, multi_labelled_texts
from bertplay.multi_task.metrics import TaskMetrics, task_metrics


def evaluation_rows(
    model: MultiTaskClassifier, path: str | PathLike[str], label: str | None = None
) -> MultiLabelledTexts:
    """Read a table with labels for a trained model; it needs a column for every task.

    Args:
        model: what is evaluated.
        path: the table.
        label: its label column, where a model of one task calls it otherwise.

    Raises:
        InputError: the file or a column is missing, a task has no labelled row, a label is not one
            of the training data's, or `label` is given for several tasks.
    """
    table, sha256 = read_table(path), file_sha256(path)
    if label is None:
        return multi_labelled_texts(model.task, table, path, sha256)
    if len(model.task.columns) > 1:
        raise InputError(
            "--label names another label column, and the model learned several: name the table's "
            "columns as in training"
        )
    (column,) = model.task.columns
    task = replace(model.task, columns=(replace(column, name=label),))
    rows = multi_labelled_texts(task, table, path, sha256)
    return replace(rows, labels={column.name: rows.labels[label]})


def metrics_of_outputs(
    predicted: Mapping[str, NDArray[np.float64]], rows: MultiLabelledTexts
) -> dict[str, TaskMetrics]:
    """Each task's figures on the rows that have a label of it.

    Args:
        predicted: task to `[N, C]` probabilities or `[N]` numbers, as
            `MultiTaskClassifier.predict_outputs` gives them.
        rows: N rows.

    Raises:
        InputError: no task has a labelled row.
    """
    tasks = {
        name: task_metrics(predicted[name], labels)
        for name, labels in rows.labels.items()
        if labels.known.any()
    }
    if not tasks:
        raise InputError(f"{rows.source}: no row has a label of any task")
    return tasks
