"""From the user's options to training and validation rows, of a known task or any table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bertplay.data.cells import cell_text, is_missing
from bertplay.data.dataset import LabelledTexts
from bertplay.data.emotions import EMOTIONS_FILE, SPLITS, read_emotions
from bertplay.data.errors import InputError
from bertplay.data.source_file import file_sha256
from bertplay.data.splits import stratified_split
from bertplay.data.table import read_table, require_column
from bertplay.data.titanic import PASSENGERS_FILE, read_passengers
from bertplay.data.wording import listed
from bertplay.labelled_tables import SURVIVED, labelled_texts, load_evaluation_data
from bertplay.options import TrainOptions
from bertplay.task import Task
from bertplay.text_rule import TextRule

if TYPE_CHECKING:
    import pandas as pd

    Path = str | PathLike[str]

BUILT_IN_SOURCE = "built-in Titanic table (1,309 passengers)"
BUILT_IN_EMOTIONS = "built-in emotion table (2,741 sentences)"


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The rows to train on, those to validate on, and those that only the final model is shown.

    Attributes:
        train: the training part.
        validation: the validation part, or the validation table.
        task: how all were read.
        test: the test part of a table that has one.
    """

    train: LabelledTexts
    validation: LabelledTexts
    task: Task
    test: LabelledTexts | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The C class names."""
        return self.task.classes

    @property
    def class_counts(self) -> tuple[int, ...]:
        """The number of training rows of each class."""
        return self.train.class_counts

    @property
    def source(self) -> str:
        """Where the training rows come from."""
        return self.train.source

    @property
    def sha256(self) -> str:
        """The fingerprint of the training table's bytes."""
        return self.train.sha256


@dataclass(frozen=True, eq=False)
class UnsplitData:
    """All rows of the table to train on.

    Attributes:
        rows: of it.
        task: how they were read.
        groups: `[N]` a number a row, equal for rows that stay together; None without groups.
    """

    rows: LabelledTexts
    task: Task
    groups: NDArray[np.int64] | None


def load_training_data(options: TrainOptions) -> TrainingData:
    """Read what the options name, and split it unless they name a validation table.

    Without `data`, the built-in emotion table for the task "emotion", whose split is fixed, else
    the built-in Titanic table. A table in Kaggle's Titanic layout is read as one unless `label`,
    `text` or `template` say otherwise.

    Raises:
        InputError: the options contradict each other or the task, a file or column is missing, the
            labels cannot be used, or the split is impossible.
    """
    _refuse_contradictions(options)
    if has_fixed_split(options):
        return _built_in_emotions()
    whole = load_unsplit_data(options)
    data, task = whole.rows, whole.task
    if options.validation is not None:
        return TrainingData(data, load_evaluation_data(task, options.validation), task)
    assert data.labels is not None
    train, validation = stratified_split(
        data.labels, options.validation_fraction, options.seed, whole.groups, classes=data.classes
    )
    return TrainingData(data.select(train), data.select(validation), task)


def has_fixed_split(options: TrainOptions) -> bool:
    """Whether the table is the built-in one that says which rows are held out."""
    return options.data is None and options.task == "emotion"


def load_unsplit_data(options: TrainOptions) -> UnsplitData:
    """Read the table to train on, but for the one with a fixed split.

    Raises:
        InputError: as of `load_training_data`, but for the split.
    """
    _refuse_contradictions(options)
    if options.data is None:
        frame, path = read_passengers(), BUILT_IN_SOURCE
        sha256 = file_sha256(PASSENGERS_FILE)
    else:
        frame, path = read_table(options.data), options.data
        sha256 = file_sha256(options.data)
    draft = choose_task(options, frame, path)
    data = labelled_texts(draft, frame, path, sha256, option="--label")
    task = Task(draft.name, draft.text_rule, draft.label_column, data.classes)
    groups = None
    if options.group is not None:
        require_column(frame, options.group, path=path, option="--group")
        groups = group_numbers(frame[options.group])
    return UnsplitData(data, task, groups)


def _built_in_emotions() -> TrainingData:
    frame = read_emotions()
    draft = Task("emotion", TextRule("column", "text"), "emotion", ())
    sha256 = file_sha256(EMOTIONS_FILE)
    data = labelled_texts(draft, frame, BUILT_IN_EMOTIONS, sha256, option="--label")
    train, validation, test = (
        data.select(np.flatnonzero((frame["split"] == split).to_numpy())) for split in SPLITS
    )
    return TrainingData(train, validation, replace(draft, classes=data.classes), test)


def _refuse_contradictions(options: TrainOptions) -> None:
    own_columns = [
        name for name in ("text", "template", "label") if getattr(options, name) is not None
    ]
    if options.task is not None and own_columns:
        raise InputError(
            f"--task {options.task} knows its columns, --{own_columns[0]} contradicts it: "
            f"leave out --task to train on a table of your own"
        )
    if options.data is None:
        for name in (*own_columns, "validation"):
            if getattr(options, name) is not None:
                raise InputError(f"--{name} needs the table to train on: give --data")
    if options.group is not None and options.data is None and options.task == "emotion":
        raise InputError(
            "--group decides how a table is split, but the built-in emotion table has a fixed "
            "split: leave out --group"
        )
    if options.group is not None and options.validation is not None:
        raise InputError(
            "--group decides how --data is split, but with --validation nothing is split: "
            "leave out one of them"
        )


def choose_task(options: TrainOptions, frame: pd.DataFrame, path: Path) -> Task:
    """The task of a table, without its classes, which the labels will tell.

    Raises:
        InputError: the table does not say which column is what, or the label makes the text.
    """
    names = [str(name) for name in frame.columns]
    lower = [name.lower() for name in names]
    own_columns = (options.text, options.template, options.label)
    passengers = {"survived", "name", "sex"} <= set(lower) and not any(own_columns)
    if options.task == "titanic" or (options.task is None and passengers):
        label = names[lower.index("survived")] if "survived" in lower else SURVIVED
        return Task("titanic", TextRule("titanic"), label, ())
    if options.task == "emotion":
        return Task("emotion", TextRule("column", "text"), "label", ())
    for option, name, default in (
        ("--label", options.label, "label"),
        ("--text", options.text, "text"),
    ):
        named = name is not None or (option == "--text" and options.template is not None)
        if not named and default not in names:
            kind = "class" if option == "--label" else "text"
            raise InputError(
                f"{path}: which column holds the {kind}? name it with {option}; "
                f"its columns are {listed(names)}"
            )
    label = options.label or "label"
    if options.template is not None:
        rule = TextRule("template", options.template)
    else:
        rule = TextRule("column", options.text or "text")
    if label in rule.columns():
        raise InputError(
            f"column {label!r} is the class to be learned: a text made from it gives the answer "
            f"away; take it out of --{'template' if options.template else 'text'}"
        )
    return Task("table", rule, label, ())


def group_numbers(values: pd.Series[Any]) -> NDArray[np.int64]:
    """A number a row, equal for equal values; a row without a value is a group of its own."""
    numbers: dict[str, int] = {}
    groups = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        # A name that no cell can have keeps rows without a group apart from all others.
        name = f"\0{row}" if is_missing(value) else cell_text(value).strip()
        groups[row] = numbers.setdefault(name, len(numbers))
    return groups
