"""From the user's options to rows with labels in several columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bertplay.data.emotions import EMOTIONS_FILE, SPLITS, read_emotions
from bertplay.data.errors import InputError
from bertplay.data.source_file import file_sha256
from bertplay.data.splits import stratified_split
from bertplay.data.table import read_table, require_column
from bertplay.labelled_tables import row_ids
from bertplay.multi_task.labels import Labels, guess_kind, read_labels
from bertplay.multi_task.task import LabelColumn, MultiTask
from bertplay.multi_task.task_options import TaskOptions, task_kind
from bertplay.options import TrainOptions
from bertplay.text_rule import TextRule
from bertplay.training_data import BUILT_IN_EMOTIONS, group_numbers

if TYPE_CHECKING:
    import pandas as pd

    Path = str | PathLike[str]


@dataclass(frozen=True, eq=False)
class MultiLabelledTexts:
    """N texts of one table with the labels of several columns.

    Attributes:
        ids: N row names.
        texts: N texts.
        labels: column to its labels.
        source: the file, or the name of a built-in table.
        sha256: of the file's bytes, 64 hexadecimal digits.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Mapping[str, Labels]
    source: str
    sha256: str

    def __len__(self) -> int:
        return len(self.texts)

    def select(self, rows: NDArray[np.int64]) -> MultiLabelledTexts:
        """The given rows, in the given order."""
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            texts=tuple(self.texts[row] for row in rows),
            labels={name: labels.select(rows) for name, labels in self.labels.items()},
        )

    def sampled_task(self) -> str | None:
        """The first single-label column, whose classes a split and sampling go by."""
        kinds = ((name, labels.column.kind) for name, labels in self.labels.items())
        return next((name for name, kind in kinds if kind == "single_label"), None)

    def strata(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Each row's class for a split and for sampling, and the classes' names."""
        task = self.sampled_task()
        if task is None:
            return np.zeros(len(self), dtype=np.int32), ("all rows",)
        first = self.labels[task]
        strata = first.numbers.copy()
        unlabelled = np.flatnonzero(~first.known)
        # A stratum needs two rows; a single unlabelled one goes with the most frequent class.
        if len(unlabelled) > 1:
            strata[unlabelled] = len(first.column.classes)
        elif len(unlabelled) == 1:
            strata[unlabelled] = int(np.bincount(first.numbers[first.known]).argmax())
        return strata, (*first.column.classes, "without a label")

    def standardised(self, train: MultiLabelledTexts) -> MultiLabelledTexts:
        """The same rows; regressions know the mean and the scale of the training labels."""
        labels = {n: own.standardised(train.labels[n]) for n, own in self.labels.items()}
        return replace(self, labels=labels)


@dataclass(frozen=True, eq=False)
class MultiTaskData:
    """The rows to train on, those to validate on, and those that only the final model is shown.

    Attributes:
        train: the training part.
        validation: the validation part, or the validation table.
        test: the test part of a table that has one.
        task: how all were read.
        task_options: column to what was asked for it.
    """

    train: MultiLabelledTexts
    validation: MultiLabelledTexts
    test: MultiLabelledTexts | None
    task: MultiTask
    task_options: Mapping[str, TaskOptions]


def load_multi_task_data(
    options: TrainOptions, task_options: Mapping[str, TaskOptions]
) -> MultiTaskData:
    """Read what the options name, and split it unless it has a split or a validation table.

    Without `data`, the built-in emotion table. A table is split so that every class of its first
    single-label column is on both sides.

    Args:
        options: of the run.
        task_options: column to what was asked for it.

    Raises:
        InputError: a file or a column is missing, a label cannot be used, a task has no labelled
            row to train or to validate on, or the split is impossible.
    """
    if options.data is None:
        frame, path, sha256 = read_emotions(), BUILT_IN_EMOTIONS, file_sha256(EMOTIONS_FILE)
        name, rule = "emotion", TextRule("column", "text")
    else:
        frame, path = read_table(options.data), options.data
        sha256 = file_sha256(options.data)
        name, rule = "table", _text_rule(options, frame, options.data)
    for column in task_options:
        require_column(frame, column, path=path, option="--label")
        if column in rule.columns():
            raise InputError(
                f"column {column!r} is to be learned: a text made from it gives the answer away; "
                f"take it out of --{'template' if options.template else 'text'}"
            )
    kinds = {
        column: task_kind(column, asked, guess_kind(frame[column].tolist()))
        for column, asked in task_options.items()
    }
    draft = MultiTask(name, rule, tuple(LabelColumn(c, kind) for c, kind in kinds.items()))
    rows = multi_labelled_texts(draft, frame, path, sha256)
    task = replace(draft, columns=tuple(labels.column for labels in rows.labels.values()))
    train, validation, test = _parts(options, frame, rows, task)
    _require_labels(train, validation)
    test = None if test is None else test.standardised(train)
    validation, train = validation.standardised(train), train.standardised(train)
    task = replace(draft, columns=tuple(labels.column for labels in train.labels.values()))
    return MultiTaskData(train, validation, test, task, task_options)


def _require_labels(train: MultiLabelledTexts, validation: MultiLabelledTexts) -> None:
    for part, what in ((train, "train"), (validation, "validate")):
        for column, labels in part.labels.items():
            if not labels.known.any():
                raise InputError(
                    f"{part.source}: task {column!r} has no labelled row to {what} on; label more "
                    "rows or leave the task out"
                )


def multi_labelled_texts(
    task: MultiTask, frame: pd.DataFrame, path: Path, sha256: str
) -> MultiLabelledTexts:
    """The texts and labels of a table.

    Args:
        task: how to read it; a column without classes takes those that it finds.
        frame: the table, from `bertplay.data.read_table`.
        path: its file, for messages.
        sha256: the fingerprint of its bytes.

    Raises:
        InputError: a column is missing, or its labels cannot be used.
    """
    labels = {}
    for column in task.columns:
        require_column(frame, column.name, path=path, option="a task of the model")
        labels[column.name] = read_labels(
            frame[column.name],
            column.name,
            column.kind,
            path=path,
            classes=column.classes or None,
        )
    ids, _ = row_ids(frame)
    texts = tuple(task.text_rule.texts_from(frame, path))
    return MultiLabelledTexts(ids, texts, labels, str(path), sha256)


def _text_rule(options: TrainOptions, frame: pd.DataFrame, path: Path) -> TextRule:
    if options.template is not None:
        return TextRule("template", options.template)
    column = options.text or "text"
    require_column(frame, column, path=path, option="--text")
    return TextRule("column", column)


def _parts(
    options: TrainOptions, frame: pd.DataFrame, rows: MultiLabelledTexts, task: MultiTask
) -> tuple[MultiLabelledTexts, MultiLabelledTexts, MultiLabelledTexts | None]:
    if options.data is None:
        train, validation, test = (
            rows.select(np.flatnonzero((frame["split"] == split).to_numpy())) for split in SPLITS
        )
        return train, validation, test
    if options.validation is not None:
        table = read_table(options.validation)
        sha256 = file_sha256(options.validation)
        return rows, multi_labelled_texts(task, table, options.validation, sha256), None
    groups = None
    if options.group is not None:
        require_column(frame, options.group, path=options.data, option="--group")
        groups = group_numbers(frame[options.group])
    strata, names = rows.strata()
    kept, held_out = stratified_split(
        strata, options.validation_fraction, options.seed, groups, classes=names
    )
    return rows.select(kept), rows.select(held_out), None
