"""Command-line options made from the fields of a dataclass, listed in `--help` by their groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import click

from bertplay.cli.completed_values import completion_of

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Their values are completed by the shell.
_PATHS = ("FILE", "DIR")
_METAVARS = {int: "N", float: "X", str: "TEXT"}


class GroupedOption(click.Option):
    """An option that stands under a heading in `--help`.

    Args:
        *arguments: as of `click.Option`.
        group: the heading.
        **settings: as of `click.Option`.
    """

    def __init__(self, *arguments: Any, group: str, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose `--help` lists options under their headings, in the order of declaration."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section a heading; options without one come last."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                heading = getattr(parameter, "group", "Other options")
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def options_from(
    options: type[Any],
    *,
    leave_out: Sequence[str] = (),
    by_recipe: Sequence[str] = (),
    multiple: Sequence[str] = (),
    metavars: Mapping[str, str] = MappingProxyType({}),
) -> Callable[[_Function], _Function]:
    """A decorator that adds one option for each field of a dataclass.

    A field's metadata has `help`, `group` and `choices`. An option that is not given is None, so
    that it can be told from one that repeats the default.

    Args:
        options: the dataclass; its fields are numbers, strings or flags, or None.
        leave_out: fields without an option.
        by_recipe: fields whose None means that the task's recipe decides, for the help.
        multiple: fields whose option may be given several times, and then is a tuple of texts.
        metavars: field to what its value is called in the help, where the type says too little.
    """
    hints = get_type_hints(options)

    def add(function: _Function) -> _Function:
        for declared in reversed([f for f in fields(options) if f.name not in leave_out]):
            kind = _plain_type(hints[declared.name])
            # Choices are checked by the dataclass, which suggests the nearest one.
            flag = kind is bool
            metavar = None if flag else metavars.get(declared.name, _METAVARS.get(kind))
            choices = declared.metadata.get("choices", ())
            function = click.option(
                _spelled(declared),
                declared.name,
                cls=GroupedOption,
                group=declared.metadata["group"],
                type=_type(kind, metavar),
                is_flag=flag,
                multiple=declared.name in multiple,
                default=None,
                metavar=metavar,
                shell_complete=completion_of(declared.name, choices),
                help=_help(declared, by_recipe=declared.name in by_recipe),
            )(function)
        return function

    return add


def _spelled(declared: Field[Any]) -> str:
    """The option's name; a flag that is on by default has one that turns it off beside it."""
    name = declared.name.replace("_", "-")
    return f"--{name}/--no-{name}" if declared.default is True else f"--{name}"


def _type(kind: type[Any], metavar: str | None) -> Any:
    """What click reads the value as; a flag has none."""
    if kind is bool:
        return None
    return click.Path() if metavar in _PATHS else kind


def _help(declared: Field[Any], *, by_recipe: bool) -> str:
    text: str = declared.metadata["help"]
    notes = []
    if declared.metadata.get("choices"):
        notes.append(f"one of {', '.join(declared.metadata['choices'])}")
    if by_recipe:
        notes.append("default: the task's recipe")
    elif declared.default is not None and not isinstance(declared.default, bool):
        notes.append(f"default: {declared.default}")
    elif declared.default is True:
        notes.append("default: on")
    return f"{text}  [{'; '.join(notes)}]" if notes else text


def _plain_type(hint: Any) -> type[Any]:
    """The type of `X | None`, and of `X`."""
    if get_origin(hint) in (UnionType, Union):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    plain: type[Any] = hint
    return plain
