"""`bertplay lr-find`: which learning rate suits a run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

import click

from bertplay.cli.option_fields import GroupedCommand, options_from
from bertplay.cli.train import options_given, run_options
from bertplay.lr_find_options import LrFindOptions

if TYPE_CHECKING:
    from bertplay.training.finding_lr import SilentLrFindView

_EXAMPLES = """\b
Examples:
  bertplay lr-find
  bertplay lr-find --task emotion --loss ce --steps 200
  bertplay lr-find --data reviews.csv --optimizer sgd --last-lr 10 --output sgd-rates
  bertplay lr-find --config runs/kaggle/config.yaml
"""
# What is of no account before the end of an epoch.
_OF_EPOCHS = (
    "epochs",
    "schedule",
    "warmup",
    "average_weights",
    "ema",
    "metric",
    "keep",
    "patience",
    "checkpoint_every",
    "keep_checkpoints",
    "report",
    "calibration",
    "optimise",
    "target_accuracy",
    "coverage",
)
_FLAGS_OF_EPOCHS = (
    "--schedule-arg",
    "--task-metric",
    "--score-weight",
    "--track",
    "--check-threshold",
)
_TEST_OPTIONS = tuple(LrFindOptions.__dataclass_fields__)


@click.command(
    "lr-find", cls=GroupedCommand, epilog=_EXAMPLES, short_help="Find a learning rate for a run."
)
@options_from(LrFindOptions)
@run_options(
    leave_out=_OF_EPOCHS,
    leave_out_flags=(
        "--schedule-arg",
        "--task-metric",
        "--score-weight",
        "--track",
        "--check-threshold",
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print lr_find.json; progress on stderr.")
@click.pass_context
def lr_find(ctx: click.Context, /, config: str | None, as_json: bool, **values: Any) -> None:
    """Train for some steps while the learning rate rises from tiny to too large, and suggest one.

    The options are those of the run that a rate is sought for. The losses and a picture of them
    are written; the model is not.
    """
    given = {name: values.pop(name) for name in _TEST_OPTIONS}
    test_options = LrFindOptions(**{n: value for n, value in given.items() if value is not None})
    output, overwrite = values["output"], bool(values["overwrite"])
    options, _ = options_given(ctx, config, values)
    # That of the file is the folder of its run.
    options = replace(options, output=output, overwrite=overwrite)

    from bertplay.training import lr_find as find

    stream = sys.stderr if as_json else sys.stdout
    with _view(stream) as view:
        facts = find(options, test_options, view)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return

    from bertplay.cli.lr_find_result import result_lines

    for line in result_lines(facts, stream.encoding):
        click.echo(line)


@contextmanager
def _view(stream: TextIO) -> Iterator[SilentLrFindView]:
    """A progress bar where somebody watches; elsewhere one line of warning where there is one."""
    from bertplay.cli.lr_find_view import PlainLrFindView, TerminalLrFindView
    from bertplay.cli.result_tables import quiet_console

    console = quiet_console(file=stream)
    if stream.isatty() and not console.is_dumb_terminal:
        with TerminalLrFindView(console) as view:
            yield view
        return
    yield PlainLrFindView(stream)
