"""`bertplay completion`: the script that makes a shell complete bertplay's commands."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")

_EXAMPLES = """\b
Examples:
  eval "$(bertplay completion bash)"       # in ~/.bashrc
  eval "$(bertplay completion zsh)"        # in ~/.zshrc
  bertplay completion fish | source        # in ~/.config/fish/config.fish
"""


@click.command(epilog=_EXAMPLES, short_help="Print shell completion.")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and their values in SHELL.

    A line in the shell's start-up file, as below, switches it on for good.
    """
    from click.shell_completion import get_completion_class

    from bertplay.cli.entry import main

    completer = get_completion_class(shell)
    assert completer is not None  # SHELLS are those that click knows.
    click.echo(completer(main, {}, "bertplay", "_BERTPLAY_COMPLETE").source())
