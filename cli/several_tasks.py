"""Several tasks as they are typed: `--label emotion:focal --label valence:mse --loss style=ce`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bertplay.cli.key_values import parsed
from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed

Tasks = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class TypedTasks:
    """What the command line says about tasks; each value as it was typed.

    Attributes:
        labels: `COLUMN` or `COLUMN:LOSS`.
        losses: `LOSS` or `TASK=LOSS`.
        settings: option of a task, such as "weight", to its values `TASK=VALUE`; and the flag that
            gave them, for messages.
    """

    labels: Sequence[str]
    losses: Sequence[str]
    settings: Mapping[str, tuple[str, Sequence[str]]]


def with_tasks(
    typed: TypedTasks, from_file: Mapping[str, Any], loss_args: Mapping[str, Any]
) -> dict[str, Any]:
    """The options `label`, `loss`, `loss_args` and `tasks` that were typed.

    A single label with a loss for classes is one label column, as without tasks.

    Args:
        typed: what the command line says.
        from_file: the options of a YAML file, whose tasks are the ground on which the command
            line builds, unless it names labels itself.
        loss_args: options of losses; those named `TASK.OPTION` are the task's.

    Raises:
        InputError: a task is unknown or named twice, two losses are given for one, or a value does
            not have the form it must have.
    """
    labels = dict(_label(text) for text in typed.labels)
    if len(labels) < len(typed.labels):
        raise InputError("--label names a column twice: leave out one of them")
    plain = [text for text in typed.losses if "=" not in text]
    if len(plain) > 1:
        raise InputError(
            f"--loss is given as {' and '.join(plain)}: give one, or name tasks, --loss TASK=NAME"
        )
    of_tasks = [_pair("--loss", text) for text in typed.losses if "=" in text]
    result: dict[str, Any] = {"loss": plain[0]} if plain else {}
    settings = {
        key: (flag, [_pair(flag, text) for text in values])
        for key, (flag, values) in typed.settings.items()
    }
    several = of_tasks or any(pairs for _, pairs in settings.values())
    if len(labels) == 1 and not several and not from_file.get("tasks"):
        ((column, loss),) = labels.items()
        if loss is None or _is_single_label(loss):
            if loss is not None and plain:
                raise InputError(f"two losses are given for column {column!r}: leave out one")
            return {**result, **({} if loss is None else {"loss": loss}), "label": column} | (
                {"loss_args": dict(loss_args)}
            )
    multi_task = bool(from_file.get("multi_task"))
    tasks: Tasks = {name: dict(of_file) for name, of_file in from_file.get("tasks", {}).items()}
    if labels:
        tasks = {name: tasks.get(name, {}) for name in labels}
    elif not tasks and not multi_task:
        if several:
            raise InputError(
                "a loss or a setting is given for a task, but there are no tasks: name their "
                "columns with --label, or learn the built-in emotion table's with --multi-task"
            )
        return {**result, "loss_args": dict(loss_args)}
    if multi_task and plain:
        raise InputError(
            f"--loss {plain[0]} would be no task's, as each has its own: name the task, "
            f"--loss emotion={plain[0]}"
        )
    known = _known(tasks, multi_task=multi_task)
    for name, loss in labels.items():
        if loss is not None:
            _set_loss(tasks, name, loss)
    for name, loss in of_tasks:
        _require_known("--loss", name, known)
        if labels.get(name) is not None:
            raise InputError(f"two losses are given for task {name!r}: leave out one of them")
        _set_loss(tasks, name, loss)
    for key, (flag, pairs) in settings.items():
        for name, value in pairs:
            _require_known(flag, name, known)
            tasks.setdefault(name, {})[key] = parsed(value)
    of_run = {}
    for key, value in loss_args.items():
        name, _, option = key.rpartition(".")
        if name in known:
            of_task = tasks.setdefault(name, {})
            of_task["loss_args"] = {**of_task.get("loss_args", {}), option: value}
        else:
            of_run[key] = value
    return {**result, "tasks": tasks, "loss_args": of_run}


def _label(text: str) -> tuple[str, str | None]:
    """The column and the loss of `COLUMN:LOSS`; a colon before anything else is the column's."""
    from bertplay.losses import ALL_LOSSES

    column, mark, loss = text.rpartition(":")
    if not mark or not column:
        return text, None
    if loss in ALL_LOSSES:
        return column, loss
    if hint := did_you_mean(loss, list(ALL_LOSSES)):
        raise InputError(f"--label {text}: there is no loss {loss!r}{hint}")
    return text, None


def _pair(flag: str, text: str) -> tuple[str, str]:
    name, mark, value = text.rpartition("=")
    if not mark or not name or not value:
        raise InputError(f"{flag} {text!r}: write it as TASK=VALUE, for example {flag} emotion=...")
    return name.strip(), value.strip()


def _is_single_label(loss: str) -> bool:
    from bertplay.losses import LOSSES

    return loss in LOSSES


def _known(tasks: Tasks, *, multi_task: bool) -> list[str]:
    if not multi_task:
        return list(tasks)
    from bertplay.multi_task.emotions import EMOTION_TASKS

    return list(EMOTION_TASKS)


def _require_known(flag: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise InputError(
            f"{flag} names the task {name!r}, but the tasks are {listed(known)}"
            f"{did_you_mean(name, known)}"
        )


def _set_loss(tasks: Tasks, name: str, loss: str) -> None:
    """Give a task a loss; the options of another loss that a file gave it go."""
    of_task = tasks.setdefault(name, {})
    if of_task.get("loss") != loss:
        of_task.pop("loss_args", None)
    of_task["loss"] = loss
