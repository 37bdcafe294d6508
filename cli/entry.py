"""`bertplay`: which command is meant, and how its end becomes an exit code."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from bertplay import __version__
from bertplay.data.errors import InputError
from bertplay.distributed.launch import launched_rank

COMMANDS = (
    "train",
    "lr-find",
    "evaluate",
    "predict",
    "decide",
    "diagnose",
    "merge",
    "quantize",
    "export",
    "compare",
    "backbones",
    "losses",
    "data",
    "distill",
    "info",
    "completion",
)

_EXAMPLES = """\b
Examples:
  bertplay train --loss focal_smooth
  bertplay train --data reviews.csv --text body --label stars
  bertplay predict runs/table-ce "It broke on the second day."
  bertplay COMMAND --help
"""

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130

_SECONDS_TO_SPEAK = 2.0


class LazyCommands(click.Group):
    """Commands that are imported when they are asked for, each from the module of its name.

    Whatever is the user's to mend ends in one sentence on standard error; other exceptions are
    defects of bertplay and keep their traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of a first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"bertplay.cli.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one is told its nearest."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, **settings: Any) -> NoReturn:  # type: ignore[override]
        """Run the command named in `args`, by default those of the process, and exit."""
        settings["standalone_mode"] = False
        try:
            code = super().main(args, **settings)
        except click.ClickException as error:
            if launched_rank() > 0:
                _leave_to_first(error.exit_code)
            _end(error.format_message(), error.exit_code)
        except InputError as error:
            if launched_rank() > 0 and _is_shared(error):
                _leave_to_first(WRONG_INPUT)
            _end(str(error), WRONG_INPUT)
        except click.Abort:
            _end("stopped before anything was finished", INTERRUPTED)
        except OSError as error:
            _end(_os_sentence(error), FAILED)
        except RuntimeError as error:
            code = _exit_code_of(error)
            if launched_rank() > 0 and not _is_lost_process(error):
                _leave_to_first(code)
            _end(str(error), code)
        sys.exit(code if isinstance(code, int) else DONE)


@click.group(
    "bertplay",
    cls=LazyCommands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EXAMPLES,
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Fine-tune BERT on imbalanced text classes, and see what it does with the rare ones.

    `bertplay train` alone trains a first model on the passengers of the Titanic.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _end(sentence: str, code: int) -> NoReturn:
    heading = "Interrupted" if code == INTERRUPTED else "Error"
    click.echo(f"{heading}: {' '.join(sentence.split())}", err=True)
    sys.exit(code)


def _leave_to_first(code: int) -> NoReturn:
    """Exit without a word: every process of the run ends alike, and the first one says why."""
    # The launcher ends all of them as soon as one has failed.
    time.sleep(_SECONDS_TO_SPEAK)
    sys.exit(code)


def _is_shared(error: InputError) -> bool:
    """Whether all processes of the run were told of it."""
    agreement = sys.modules.get("bertplay.distributed.agreement")
    return agreement is not None and isinstance(error, agreement.SharedInputError)


def _is_lost_process(error: RuntimeError) -> bool:
    lost_process = sys.modules.get("bertplay.distributed.lost_process")
    return lost_process is not None and isinstance(error, lost_process.ProcessLostError)


def _os_sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _exit_code_of(error: RuntimeError) -> int:
    # Only a command that trains has loaded this module; importing it takes MLX along.
    failures = sys.modules.get("bertplay.training.failures")
    if failures is not None and isinstance(error, failures.TrainingInterruptedError):
        return INTERRUPTED
    if failures is not None and isinstance(error, failures.TrainingFailedError):
        return FAILED
    of_export = sys.modules.get("bertplay.export.failures")
    if of_export is not None and isinstance(error, of_export.ExportFailedError):
        return FAILED
    if _is_lost_process(error):
        return FAILED
    raise error
