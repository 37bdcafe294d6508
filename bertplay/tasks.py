"""From the user's options to texts and labels: the Titanic and emotion tasks, and any table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bertplay.data.cells import cell_text, is_missing
from bertplay.data.dataset import LabelledTexts
from bertplay.data.errors import InputError
from bertplay.data.labels import class_name, encode_labels
from bertplay.data.source_file import file_sha256
from bertplay.data.splits import stratified_split
from bertplay.data.table import read_table, require_column
from bertplay.data.template import render, template_columns
from bertplay.data.titanic import PASSENGERS_FILE, passenger_sentences, read_passengers
from bertplay.data.wording import listed
from bertplay.options import TrainOptions

if TYPE_CHECKING:
    import pandas as pd

    Path = str | PathLike[str]

BUILT_IN_SOURCE = "built-in Titanic table (1,309 passengers)"

_SURVIVED = "Survived"
_PASSENGER_ID = "PassengerId"
_ID_COLUMNS = (_PASSENGER_ID.lower(), "id")
_OUTCOMES = {
    **dict.fromkeys(("0", "false", "died"), "died"),
    **dict.fromkeys(("1", "true", "survived"), "survived"),
}


@dataclass(frozen=True)
class TextRule:
    """How a row becomes a text.

    Attributes:
        kind: "column" (the text stands in one), "template" (filled from several) or "titanic"
            (a passenger's sentence).
        value: the column or the template; empty for "titanic".
    """

    kind: Literal["column", "template", "titanic"]
    value: str = ""

    def texts_from(self, frame: pd.DataFrame, path: Path) -> list[str]:
        """One text for each row of a table; a missing text is an empty one.

        Args:
            frame: the table, from `bertplay.data.read_table`.
            path: its file, for messages.

        Raises:
            InputError: a column is missing, or every text is empty.
        """
        if self.kind == "titanic":
            return passenger_sentences(frame, path=path)
        if self.kind == "template":
            texts = render(self.value, frame, path=path)
        else:
            require_column(frame, self.value, path=path, option="--text")
            texts = [cell_text(value) for value in frame[self.value]]
        if not any(text.strip() for text in texts):
            raise InputError(f"{path}: every text is empty; name another column with --text")
        return texts

    def columns(self) -> tuple[str, ...]:
        """The columns that the texts are made of, where the user named them."""
        if self.kind == "template":
            return template_columns(self.value)
        return (self.value,) if self.kind == "column" else ()


@dataclass(frozen=True)
class Task:
    """What a model was trained for; stored with it, so that new tables are read the same way.

    Attributes:
        name: "titanic", "emotion" or "table".
        text_rule: how a row becomes a text.
        label_column: the column that holds the class.
        classes: the C class names, in the order of the logits.
    """

    name: str
    text_rule: TextRule
    label_column: str
    classes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The task as values that JSON and YAML can hold."""
        return {**asdict(self), "classes": list(self.classes)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        """The task from `to_dict`'s values.

        Raises:
            InputError: a value is missing or of the wrong kind.
        """
        try:
            rule = TextRule(values["text_rule"]["kind"], str(values["text_rule"]["value"]))
            classes = tuple(str(name) for name in values["classes"])
            task = cls(str(values["name"]), rule, str(values["label_column"]), classes)
        except (KeyError, TypeError) as error:
            raise InputError(
                f"the stored task is incomplete: {error}; train the model again"
            ) from error
        if rule.kind not in ("column", "template", "titanic"):
            raise InputError(f"the stored task makes texts by {rule.kind!r}, which is not known")
        return task


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The rows to train on and those to validate on.

    Attributes:
        train: the training part.
        validation: the validation part, or the validation table.
        task: how both were read.
    """

    train: LabelledTexts
    validation: LabelledTexts
    task: Task

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


def load_training_data(options: TrainOptions) -> TrainingData:
    """Read what the options name, and split it unless they name a validation table.

    Without `data`, the built-in Titanic table; a table in Kaggle's Titanic layout is read as one
    unless `label`, `text` or `template` say otherwise.

    Raises:
        InputError: the options contradict each other or the task, a file or column is missing, the
            labels cannot be used, or the split is impossible.
    """
    _refuse_contradictions(options)
    if options.data is None:
        frame, path = read_passengers(), BUILT_IN_SOURCE
        sha256 = file_sha256(PASSENGERS_FILE)
    else:
        frame, path = read_table(options.data), options.data
        sha256 = file_sha256(options.data)
    draft = _choose_task(options, frame, path)
    data = _labelled_texts(draft, frame, path, sha256, option="--label")
    task = Task(draft.name, draft.text_rule, draft.label_column, data.classes)
    if options.validation is not None:
        return TrainingData(data, load_evaluation_data(task, options.validation), task)

    assert data.labels is not None
    groups = None
    if options.group is not None:
        require_column(frame, options.group, path=path, option="--group")
        groups = _group_numbers(frame[options.group])
    train, validation = stratified_split(
        data.labels, options.validation_fraction, options.seed, groups, classes=data.classes
    )
    return TrainingData(data.select(train), data.select(validation), task)


def load_evaluation_data(task: Task, path: Path) -> LabelledTexts:
    """Read a table with labels for a trained model.

    Raises:
        InputError: the file or a column is missing, or a label is missing or was never trained on.
    """
    frame = read_table(path)
    option = "the label column of the training data"
    return _labelled_texts(task, frame, path, file_sha256(path), option=option)


def load_prediction_table(task: Task, path: Path) -> LabelledTexts:
    """Read a table to predict; a label column is neither needed nor read.

    Raises:
        InputError: the file or a column of the text is missing.
    """
    frame = read_table(path)
    ids, id_column = _row_ids(frame)
    texts = tuple(task.text_rule.texts_from(frame, path))
    return LabelledTexts(ids, texts, None, task.classes, str(path), file_sha256(path), id_column)


def submission_columns(
    task: Task, data: LabelledTexts, predicted: Sequence[int] | NDArray[np.integer[Any]]
) -> dict[str, list[str] | list[int]] | None:
    """The two columns of a Kaggle submission, or None where the table is no Kaggle Titanic table.

    Args:
        task: the model's task.
        data: the table that was predicted, from `load_prediction_table`.
        predicted: [N] class numbers.

    Returns:
        PassengerId, and Survived as 0 or 1.
    """
    if task.name != "titanic" or data.id_column != _PASSENGER_ID:
        return None
    survived = task.classes.index("survived")
    return {
        _PASSENGER_ID: list(data.ids),
        _SURVIVED: [int(number == survived) for number in predicted],
    }


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
    if options.task == "emotion" and options.data is None:
        raise InputError(
            "--task emotion needs its table: give --data train.csv with the columns text and "
            "label; it is the data set dair-ai/emotion on Hugging Face"
        )
    if options.group is not None and options.validation is not None:
        raise InputError(
            "--group decides how --data is split, but with --validation nothing is split: "
            "leave out one of them"
        )


def _choose_task(options: TrainOptions, frame: pd.DataFrame, path: Path) -> Task:
    """The task without its classes, which the labels will tell."""
    names = [str(name) for name in frame.columns]
    lower = [name.lower() for name in names]
    own_columns = (options.text, options.template, options.label)
    passengers = {"survived", "name", "sex"} <= set(lower) and not any(own_columns)
    if options.task == "titanic" or (options.task is None and passengers):
        label = names[lower.index("survived")] if "survived" in lower else _SURVIVED
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


def _labelled_texts(
    task: Task, frame: pd.DataFrame, path: Path, sha256: str, *, option: str
) -> LabelledTexts:
    """The texts and labels of a table; a task without classes takes those that it finds."""
    column = task.label_column
    names = [str(name) for name in frame.columns]
    if task.name == "titanic":
        # Kaggle writes Survived, the built-in table survived.
        column = next((name for name in names if name.lower() == column.lower()), column)
        option = "it holds 0 for died and 1 for survived"
    require_column(frame, column, path=path, option=option)
    values = frame[column]
    if task.name == "titanic":
        values = _outcomes(values, path)
    labels, classes = encode_labels(values, task.classes or None, path=path, column=column)
    ids, id_column = _row_ids(frame)
    texts = tuple(task.text_rule.texts_from(frame, path))
    return LabelledTexts(ids, texts, labels, classes, str(path), sha256, id_column)


def _outcomes(values: pd.Series[Any], path: Path) -> pd.Series[Any]:
    """0 and 1 as "died" and "survived"; a missing value stays one."""
    for place, value in values.items():
        name = class_name(value)
        if name and name.lower() not in _OUTCOMES:
            raise InputError(
                f"{path}, column {values.name!r}, {values.index.name or 'row'} {place}: "
                f"0 (died) or 1 (survived) was expected, not {name!r}"
            )
    return values.map(lambda value: _OUTCOMES.get(class_name(value).lower()))


def _row_ids(frame: pd.DataFrame) -> tuple[tuple[str, ...], str | None]:
    """The table's own ids where a column PassengerId or id has one a row, else 1, 2, ..."""
    for wanted in _ID_COLUMNS:
        for column in frame.columns:
            if str(column).lower() == wanted:
                ids = tuple(cell_text(value).strip() for value in frame[column])
                if all(ids) and len(set(ids)) == len(ids):
                    return ids, _PASSENGER_ID if wanted == _PASSENGER_ID.lower() else str(column)
    return tuple(str(number) for number in range(1, len(frame) + 1)), None


def _group_numbers(values: pd.Series[Any]) -> NDArray[np.int64]:
    """A number a row, equal for equal values; a row without a value is a group of its own."""
    numbers: dict[str, int] = {}
    groups = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        # A name that no cell can have keeps rows without a group apart from all others.
        name = f"\0{row}" if is_missing(value) else cell_text(value).strip()
        groups[row] = numbers.setdefault(name, len(numbers))
    return groups
