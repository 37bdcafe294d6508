"""`bertplay compare`: losses on the same splits, beside cheap baselines, or finished runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bertplay.cli.compared_trainings import (
    comparison_folder,
    show_comparison,
    table_options,
    times_of,
    times_options,
    training_options,
)
from bertplay.data.errors import InputError

_EXAMPLES = """\b
Examples:
  bertplay compare --task titanic --losses ce,weighted_ce,focal --seeds 10
  bertplay compare --data reviews.csv --losses ce,focal:alpha=balanced:gamma=3 --seeds 5
  bertplay compare --task titanic --losses ce,focal --folds 10 --repeats 3
  bertplay compare runs/titanic-ce runs/titanic-focal
  bertplay compare runs/compare-titanic --reference weighted_ce
"""
_TESTS = ("paired-t", "sign-flip", "corrected-t")
_OF_FINISHED = ("runs", "reference", "test", "output", "as_json")


@click.command(epilog=_EXAMPLES, short_help="Compare losses on the same splits, or finished runs.")
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=click.Path())
@click.option(
    "--losses",
    metavar="LIST",
    default="ce,weighted_ce,focal,focal_smooth,adaptive",
    show_default=True,
    help="NAME or NAME:KEY=VALUE:KEY=VALUE, separated by commas.",
)
@times_options
@click.option(
    "--reference", metavar="NAME", help="Of --losses or RUNs, to compare to; default: the first."
)
@click.option(
    "--test",
    type=click.Choice(_TESTS),
    help="Of the differences; sign-flip is exact and needs ten seeds or so to find any; "
    "corrected-t allows for training rows that splits share; default: paired-t, of folds "
    "corrected-t.",
)
@table_options
@click.option("--backbone", metavar="NAME", default="mini", show_default=True, help="The encoder.")
@click.option(
    "--freeze",
    metavar="WHAT",
    default="none",
    show_default=True,
    help="Of the encoder is not trained: none, full, embeddings, or a number of bottom layers.",
)
@training_options
@click.option("--jobs", type=int, default=1, show_default=True, help="Trainings at once.")
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(),
    help="Folder of compare.json, compare.md and compare.html; default: runs/compare-TASK, of "
    "RUNs runs/compared.",
)
@click.option(
    "--cache",
    metavar="DIR",
    type=click.Path(),
    help="Folder of the trainings' results; default: trainings in --output.",
)
@click.option("--json", "as_json", is_flag=True, help="Print compare.json; progress on stderr.")
@click.pass_context
def compare(
    context: click.Context,
    /,
    runs: tuple[str, ...],
    reference: str | None,
    test: str | None,
    output: str | None,
    as_json: bool,
    **of_trainings: Any,
) -> None:
    """Train losses on the same splits and say what can be concluded, and what cannot.

    Beside them stand baselines that take seconds, and cross-entropy with the classes' shares taken
    out afterwards. What is trained already is not trained again.

    With RUNs, finished runs are compared row by row, and nothing is trained; with the one folder of
    a finished comparison, its pages are written again.
    """
    if runs:
        _require_no_training(context)
        facts, folder = _finished(runs, reference, test, output)
    else:
        facts, folder = _trained(reference, test, output, **of_trainings)
    show_comparison(facts, folder, as_json=as_json)


def _require_no_training(context: click.Context) -> None:
    """Refuse options that say what is trained."""
    for parameter in context.command.params:
        name = str(parameter.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in _OF_FINISHED:
            raise InputError(
                f"{parameter.opts[0]} is for trainings, and RUNs are finished: leave it out"
            )


def _finished(
    runs: tuple[str, ...], reference: str | None, test: str | None, output: str | None
) -> tuple[dict[str, Any], Path]:
    """Compare finished runs, or say again what a finished comparison has found."""
    from bertplay.comparison.finished import FACTS, concluded_again, read_comparison, written
    from bertplay.comparison.finished_runs import compare_runs

    if len(runs) > 1:
        if test is not None:
            raise InputError(
                "--test is for losses and seeds; runs are compared row by row, with tests of their "
                "own: leave it out"
            )
        folder = comparison_folder(output or "runs/compared")
        return compare_runs(runs, reference, folder), folder
    source = Path(runs[0]).expanduser()
    if not (source / FACTS).exists():
        raise InputError(
            f"{runs[0]} alone has nothing to be compared with: name two runs at least, or the "
            f"folder of a finished comparison, which holds {FACTS}"
        )
    folder = comparison_folder(output or runs[0])
    return written(concluded_again(read_comparison(source), reference, test), folder), folder


def _trained(
    reference: str | None,
    test: str | None,
    output: str | None,
    *,
    losses: str,
    seeds: int | None,
    folds: int | None,
    repeats: int | None,
    jobs: int,
    cache: str | None,
    **options_of_runs: Any,
) -> tuple[dict[str, Any], Path]:
    """Train what is to be compared."""
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: it must be at least 1")

    from bertplay.cli.named_losses import parse_loss, shown_loss
    from bertplay.cli.trainings_view import trainings_view
    from bertplay.comparison.comparing import compare_methods
    from bertplay.comparison.finished import written
    from bertplay.comparison.trainings import Method
    from bertplay.options import TrainOptions

    names = list(dict.fromkeys(part.strip() for part in losses.split(",")))
    methods = []
    for name in names:
        loss, arguments = parse_loss(name)
        methods.append(Method(shown_loss(name), {"loss": loss, "loss_args": arguments}))
    chosen = names[0] if reference is None else reference
    if chosen not in names:
        raise InputError(f"--reference {chosen} is none of --losses {losses}: name one of them")
    times, default_test = times_of(seeds, folds, repeats)
    options = TrainOptions(**options_of_runs)
    task = options.task or ("titanic" if options.data is None else "table")
    folder = comparison_folder(output or f"runs/compare-{task}")
    with trainings_view(sys.stderr) as view:
        facts = compare_methods(
            options,
            methods,
            times=times,
            reference=shown_loss(chosen),
            test=test or default_test,
            jobs=jobs,
            cache=Path(cache).expanduser() if cache else folder / "trainings",
            view=view,
        )
    return written(facts, folder), folder
