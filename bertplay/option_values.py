"""The types of option values: what may be given, and the plain value that it becomes.

Plain values only, so that every option can be written to a YAML file and read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from os import PathLike
from types import NoneType
from typing import Any, get_args

from bertplay.data.errors import InputError

_EXAMPLES = {
    "loss_args": "gamma: 2.0",
    "optimizer_args": "beta2: 0.98",
    "schedule_args": "min_lr: 0.0",
    "check_thresholds": "loss_rise: 1.0",
}
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def plain_value(name: str, value: Any, hint: Any) -> Any:
    """The value of an option as the type of its field: a path as text, a NumPy number as Python's.

    Args:
        name: of the option, for the message.
        value: what was given.
        hint: the field's type: bool, int, float or str, or one of them or None.

    Raises:
        InputError: the value is of another type.
    """
    kinds = get_args(hint) or (hint,)
    if value is None and NoneType in kinds:
        return None
    kind = kinds[0]
    accepted: Any = {bool: bool, int: Integral, float: Real, str: (str, PathLike)}[kind]
    # True and False are whole numbers to Python, but nobody means them as such.
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise InputError(f"{name} is {value!r}: it must be {_NAMES[kind]}")
    return kind(value)


def plain_arguments(name: str, values: Any) -> dict[str, Any]:
    """The options of what is chosen by name, with arrays and tuples as lists.

    Args:
        name: loss_args, optimizer_args, schedule_args or check_thresholds.
        values: by the names of the options; their ranges are checked elsewhere.

    Raises:
        InputError: it is no mapping from names, or a value is no number, text, list or None.
    """
    if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
        what = f"options of the {name.removesuffix('_args')}"
        if name == "check_thresholds":
            what = "limits of the checks"
        raise InputError(
            f"{name} is {values!r}: it must hold {what} by their names, such as {_EXAMPLES[name]}"
        )
    return {key: _plain_argument(name, key, value) for key, value in values.items()}


def plain_names(name: str, values: Any) -> tuple[str, ...]:
    """The names that an option lists, each once; a single one may be given as a text.

    Raises:
        InputError: it is neither a text nor a list of texts.
    """
    listed = [values] if isinstance(values, str) else values
    if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
        raise InputError(f"{name} is {values!r}: it must be a name or a list of names")
    return tuple(dict.fromkeys(listed))


def plain_tasks(values: Any) -> dict[str, dict[str, Any]]:
    """Options of several tasks by their columns, as plain values; `bertplay.multi_task` has more.

    Raises:
        InputError: it is no mapping from columns to mappings, or a value is of no plain kind.
    """
    if not isinstance(values, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Mapping) for key, value in values.items()
    ):
        raise InputError(
            f"tasks is {values!r}: it must hold the options of each task by its column, such as "
            "emotion: {loss: focal}"
        )
    return {
        column: {
            key: plain_arguments(key, value)
            if key == "loss_args"
            else _plain_argument("loss_args", key, value)
            for key, value in of_task.items()
        }
        for column, of_task in values.items()
    }


def _plain_argument(name: str, key: str, value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain_argument(name, key, item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise InputError(f"{name}: {key} is {value!r}: it must be a number, text or a list of them")
