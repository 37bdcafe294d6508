"""`bertplay losses`: every loss with its options, or one of them explained."""

from __future__ import annotations

import shutil

import click

_WIDEST = 100

_EXAMPLES = """\b
Examples:
  bertplay losses
  bertplay losses focal
"""


@click.command(epilog=_EXAMPLES, short_help="List the losses, or explain one.")
@click.argument("name", required=False)
def losses(name: str | None) -> None:
    """List the losses with their options and defaults, by kind; with NAME, explain one.

    The names are those of `bertplay.losses.get_loss`; `bertplay train --loss` and YAML take those
    of one class a row.
    """
    from bertplay.cli.loss_table import explanation_lines, loss_lines

    width = min(shutil.get_terminal_size().columns, _WIDEST)
    for line in loss_lines(width) if name is None else explanation_lines(name, width):
        click.echo(line)
