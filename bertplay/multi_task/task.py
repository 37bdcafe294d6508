"""What a model with several heads is trained for: texts, and the columns that are learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bertplay.data.errors import InputError
from bertplay.text_rule import TextRule, stored_text_rule

Kind = Literal["single_label", "multi_label", "regression"]
KINDS = ("single_label", "multi_label", "regression")


@dataclass(frozen=True)
class LabelColumn:
    """A column that is learned.

    Attributes:
        name: of the column, and of the task.
        kind: "single_label" (one class a row), "multi_label" (any number of them) or "regression"
            (a number).
        classes: the C class names, in the order of the logits; none for a regression.
        mean: of a regression's training labels, which the head predicts as 0.
        scale: their standard deviation, which the head predicts as 1, so that the losses of
            numbers in any unit are alike.
    """

    name: str
    kind: Kind
    classes: tuple[str, ...] = ()
    mean: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class MultiTask:
    """What a model with several heads was trained for; stored with it.

    Attributes:
        name: "emotion" or "table".
        text_rule: how a row becomes a text.
        columns: what is learned.
    """

    name: str
    text_rule: TextRule
    columns: tuple[LabelColumn, ...]

    def to_dict(self) -> dict[str, Any]:
        """The task as values that JSON and YAML can hold."""
        columns = [{**asdict(column), "classes": list(column.classes)} for column in self.columns]
        return {"name": self.name, "text_rule": asdict(self.text_rule), "columns": columns}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MultiTask:
        """The task from `to_dict`'s values.

        Raises:
            InputError: a value is missing or of the wrong kind.
        """
        try:
            columns = tuple(
                LabelColumn(
                    str(c["name"]),
                    c["kind"],
                    tuple(str(name) for name in c["classes"]),
                    float(c["mean"]),
                    float(c["scale"]),
                )
                for c in values["columns"]
            )
            task = cls(str(values["name"]), stored_text_rule(values["text_rule"]), columns)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"the stored tasks are incomplete: {error}; train the model again"
            ) from error
        if not columns or any(column.kind not in KINDS for column in columns):
            raise InputError("the stored tasks are of no known kind; train the model again")
        return task
