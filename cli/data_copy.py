"""`bertplay data copy`: a built-in table as CSV files."""

from __future__ import annotations

from pathlib import Path

import click

_EXAMPLES = """\b
Examples:
  bertplay data copy emotion
  bertplay data copy titanic --output tables/titanic
"""


@click.command(epilog=_EXAMPLES)
@click.argument("name")
@click.option(
    "--output",
    type=click.Path(),
    metavar="DIR",
    help="Folder for the files, a new one; default: the table's name.",
)
def copy(name: str, output: str | None) -> None:
    """Write a built-in table, titanic or emotion, as CSV files.

    To look at, to change, or to try what one does with a table of one's own.
    """
    from bertplay.table_copies import copy_built_in

    for file in copy_built_in(name, Path(output or name).expanduser()):
        click.echo(str(file))
