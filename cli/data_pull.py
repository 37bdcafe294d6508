"""`bertplay data pull`: a public table, fetched once into CSV files."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bertplay.data.errors import InputError

if TYPE_CHECKING:
    from bertplay.data.public_tables import PublicTable
    from bertplay.public_download import OnBytes


_EXAMPLES = """\b
Examples:
  bertplay data pull dair-ai/emotion
  bertplay data pull openml/titanic --output tables
"""


@click.command(epilog=_EXAMPLES)
@click.argument("name")
@click.option(
    "--output",
    type=click.Path(),
    metavar="DIR",
    help="Folder for the files; default: the user's cache.",
)
def pull(name: str, output: str | None) -> None:
    """Fetch a public table: dair-ai/emotion, go_emotions or openml/titanic.

    Each file is checked against its published sha256 and written as CSV, into the user's cache
    unless --output says otherwise. What is there already is not fetched again.
    """
    from bertplay.data.public_tables import PUBLIC_TABLES
    from bertplay.data.wording import listed
    from bertplay.public_download import pull as pull_table

    if name not in PUBLIC_TABLES:
        raise InputError(f"no public table {name!r}: there are {listed(list(PUBLIC_TABLES))}")
    table = PUBLIC_TABLES[name]
    folder = _folder(name) if output is None else Path(output).expanduser()
    with _progress(name) as on_bytes:
        files = pull_table(table, folder, on_bytes=on_bytes)
    for file in files:
        click.echo(str(file))
    click.echo(f"Train on it: {_command(table, files)}")


def _folder(name: str) -> Path:
    from bertplay.user_cache import user_cache

    cache = user_cache()
    if cache is None:
        raise InputError("there is no home folder to keep the table in: say where with --output")
    return cache / "data" / name.replace("/", "-")


def _command(table: PublicTable, files: list[Path]) -> str:
    words = ["bertplay", "train", "--task", table.task, "--data", str(files[0])]
    if len(files) > 1:
        words += ["--validation", str(files[1])]
    return shlex.join(words)


@contextmanager
def _progress(name: str) -> Iterator[OnBytes]:
    """A bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        click.echo(f"fetching {name}", err=True)
        yield lambda *_: None
        return

    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from bertplay.cli.result_tables import quiet_console

    console = quiet_console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(name, total=None)
        yield lambda part, here, total: progress.update(
            bar, description=f"{name} {part.name}", completed=here, total=total
        )
