"""What a model is trained for: texts, label column and classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bertplay.data.errors import InputError
from bertplay.text_rule import TextRule, stored_text_rule


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
            rule = stored_text_rule(values["text_rule"])
            classes = tuple(str(name) for name in values["classes"])
            return cls(str(values["name"]), rule, str(values["label_column"]), classes)
        except (KeyError, TypeError) as error:
            raise InputError(
                f"the stored task is incomplete: {error}; train the model again"
            ) from error
