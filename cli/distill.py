"""`bertplay distill`: a smaller encoder that learns from a bigger one."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from bertplay.cli.option_fields import GroupedCommand, GroupedOption, options_from
from bertplay.distill_options import DistillOptions

if TYPE_CHECKING:
    from bertplay.distillation import SilentDistillView

_EXAMPLES = """\b
Examples:
  bertplay distill --teacher google-bert/bert-base-uncased --corpus texts.txt.gz --out small
  bertplay distill --teacher bert --corpus a.txt --corpus emotion --layers 3 --hidden 256 --out tiny
"""
_METAVARS = {"teacher": "NAME", "out": "DIR", "precision": "NAME"}


@click.command(cls=GroupedCommand, epilog=_EXAMPLES, short_help="Make a smaller encoder.")
@options_from(DistillOptions, leave_out=("corpus",), metavars=_METAVARS)
@click.option(
    "--corpus",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    cls=GroupedOption,
    group="Data",
    help=DistillOptions.__dataclass_fields__["corpus"].metadata["help"],
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary; progress on stderr.")
def distill(as_json: bool, corpus: tuple[str, ...], **values: Any) -> None:
    """Make a smaller encoder that makes of texts what a bigger one does.

    The student starts from layers and word pieces of its teacher and learns, on unlabelled texts,
    the teacher's hidden states and sentence embeddings and to guess masked words. A run that was
    killed goes on if the same command is started again.
    """
    given = {name: value for name, value in values.items() if value is not None}
    options = DistillOptions(corpus=corpus, **given)

    from bertplay.distillation import distill as distill_encoder

    with _view(sys.stderr if as_json else sys.stdout) as view:
        summary = distill_encoder(options, view)
    if as_json:
        import json

        click.echo(json.dumps(summary, indent=2, ensure_ascii=False))


def _view(stream: Any) -> AbstractContextManager[SilentDistillView]:
    from bertplay.cli.distill_view import PlainDistillView, TerminalDistillView
    from bertplay.cli.result_tables import quiet_console

    console = quiet_console(file=stream)
    if stream.isatty() and not console.is_dumb_terminal:
        return TerminalDistillView(console, started=time.perf_counter())
    return nullcontext(PlainDistillView(stream, started=time.perf_counter()))
