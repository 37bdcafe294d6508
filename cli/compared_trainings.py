"""The options that commands share which train several times: which table, how long, how often."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bertplay.cli.completed_values import completion_of
from bertplay.data.errors import InputError

if TYPE_CHECKING:
    from bertplay.comparison.comparing import Folds, Seeds

_TASKS = ("titanic", "emotion")
_SEEDS = 5

Command = TypeVar("Command", bound=Callable[..., Any])


def table_options(command: Command) -> Command:
    """Which table is trained on."""
    return _with(
        command,
        click.option(
            "--task",
            type=click.Choice(_TASKS),
            help="Default: titanic, or what --data holds.",
            shell_complete=completion_of("task", _TASKS),
        ),
        click.option("--data", metavar="FILE", type=click.Path(), help="A table of your own."),
        click.option("--text", metavar="COL", help="Column that holds the text."),
        click.option(
            "--template", metavar="TEXT", help="Sentence made from columns, instead of --text."
        ),
        click.option("--label", metavar="COL", help="Column that holds the class."),
        click.option("--group", metavar="COL", help="Rows with the same value stay together."),
    )


def training_options(command: Command) -> Command:
    """How each training goes."""
    return _with(
        command,
        click.option("--epochs", type=int, help="Default: the recipe of the task, as for --lr."),
        click.option("--lr", type=float, help="Peak learning rate."),
        click.option("--max-length", type=int, help="Longest text in tokens."),
    )


def times_options(command: Command) -> Command:
    """How often each method is trained."""
    return _with(
        command,
        click.option("--seeds", type=int, help=f"Trainings of each; default: {_SEEDS}."),
        click.option(
            "--folds",
            type=int,
            help="Cross-validation in so many parts of the table, in place of --seeds.",
        ),
        click.option("--repeats", type=int, help="Of --folds, each divided anew; default: 1."),
    )


def times_of(
    seeds: int | None, folds: int | None, repeats: int | None
) -> tuple[Seeds | Folds, str]:
    """How often each method is trained, and the test that fits it.

    Raises:
        InputError: the options contradict each other.
    """
    from bertplay.comparison.comparing import Folds, Seeds
    from bertplay.comparison.paired import CORRECTED_T

    if folds is not None and seeds is not None:
        raise InputError("--folds and --seeds exclude each other: give one of them")
    if folds is None:
        if repeats is not None:
            raise InputError("--repeats is of --folds: give --folds, or --seeds in its place")
        return Seeds(_SEEDS if seeds is None else seeds), "paired-t"
    return Folds(folds, 1 if repeats is None else repeats), CORRECTED_T


def comparison_folder(output: str) -> Path:
    """The folder of a comparison's files.

    Raises:
        InputError: it holds something else.
    """
    folder = Path(output).expanduser()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--output {folder} is a file: name a folder")
    others = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if others and not others & {"compare.json", "trainings"}:
        raise InputError(
            f"--output {folder} holds files that are no comparison: name another folder"
        )
    return folder


def show_comparison(facts: dict[str, Any], folder: Path, *, as_json: bool) -> None:
    """Print what was compared: a summary in a terminal, compare.md or compare.json elsewhere."""
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    if sys.stdout.isatty():
        from bertplay.cli.comparison_tables import print_comparison
        from bertplay.cli.result_tables import quiet_console

        print_comparison(facts, quiet_console(file=sys.stdout))
    else:
        from bertplay.comparison.page import markdown

        click.echo(markdown(facts))
    click.echo(f"written to {folder}: compare.json, compare.md, compare.html")


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    # The last is applied first, as decorators are.
    for option in reversed(options):
        command = option(command)
    return command
