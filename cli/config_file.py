"""Options from a YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bertplay.cli.key_values import parsed
from bertplay.data.errors import InputError
from bertplay.options import RECORDED

_EXAMPLES = {
    "loss_args": "gamma: 2.0",
    "optimizer_args": "beta2: 0.98",
    "schedule_args": "min_lr: 1e-6",
    "check_thresholds": "loss_rise: 1.0",
}


def read_config(path: str, parameters: Sequence[click.Parameter]) -> dict[str, Any]:
    """The options of a YAML file, with values of the types that the command line would give.

    YAML reads `1e-4` as a text, so numbers are converted, not only checked. A key without a
    parameter keeps its value, and so does what a run noted beside its options.

    Args:
        path: the file.
        parameters: of the command, which know the types.

    Raises:
        InputError: the file is missing, is no YAML mapping, or a value has the wrong type.
    """
    import yaml

    source = Path(path).expanduser()
    if not source.is_file():
        raise InputError(f"--config {path} does not exist: check the name and the folder")
    try:
        values = yaml.safe_load(source.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"--config {path} is not UTF-8: save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise InputError(f"--config {path} is no YAML: {_reason(error)}") from error
    if not isinstance(values, dict):
        raise InputError(f"--config {path} holds no options: expected lines such as 'epochs: 3'")
    recorded = values.pop(RECORDED, None) or {}
    if not isinstance(recorded, dict):
        raise InputError(f"--config {path}: {RECORDED} is what a run noted: leave it as it was")
    arguments = {name: _arguments(path, name, values.pop(name, None)) for name in _EXAMPLES}
    # An empty list too is no value that click's types read.
    track = {"track": values.pop("track")} if "track" in values else {}
    known = {parameter.name: parameter for parameter in parameters}
    typed = {
        key: _typed(path, key, value, known[key]) if key in known else value
        for key, value in values.items()
        if value is not None
    }
    if "tasks" in typed:
        typed["tasks"] = _tasks(path, typed["tasks"])
    return {**typed, **track, **arguments, RECORDED: recorded}


def _arguments(path: str, name: str, values: Any) -> dict[str, Any]:
    """The options of what is chosen by name; numbers that YAML reads as texts become numbers."""
    if not isinstance(values, dict | None):
        raise InputError(f"--config {path}: {name} must be lines such as '  {_EXAMPLES[name]}'")
    return {
        key: parsed(value) if isinstance(value, str) else value
        for key, value in (values or {}).items()
    }


def _tasks(path: str, tasks: Any) -> dict[str, Any]:
    """The options of several tasks; numbers that YAML reads as texts become numbers."""
    if not isinstance(tasks, dict) or not all(isinstance(t, dict) for t in tasks.values()):
        raise InputError(
            f"--config {path}: tasks must be lines such as '  emotion: {{loss: focal}}'"
        )

    def number(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: number(item) for key, item in value.items()}
        return parsed(value) if isinstance(value, str) else value

    return {str(name): number(of_task) for name, of_task in tasks.items()}


def _typed(path: str, key: str, value: Any, parameter: click.Parameter) -> Any:
    if not isinstance(value, str | int | float):
        raise InputError(f"--config {path}: {key} must be one value, not {value!r}")
    try:
        return parameter.type.convert(str(value), parameter, None)
    except click.BadParameter as error:
        raise InputError(f"--config {path}: {key}: {error.message}") from error


def _reason(error: Any) -> str:
    """What is wrong and in which line, without YAML's excerpt of several lines."""
    mark = getattr(error, "problem_mark", None)
    line = "" if mark is None else f" in line {mark.line + 1}"
    return f"{getattr(error, 'problem', None) or error}{line}"
