"""`bertplay backbones`: the encoders that there are, or some of them compared."""

from __future__ import annotations

import json
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
  bertplay backbones
  bertplay backbones --folder ~/models
  bertplay backbones mini ~/models/all-MiniLM-L6-v2 --task titanic --seeds 5
  bertplay backbones mini distilbert/distilbert-base-uncased --data reviews.csv --freeze full
"""
_OF_LIST = ("folders", "as_json")


@click.command(epilog=_EXAMPLES, short_help="List encoders, or compare some of them.")
@click.argument("names", nargs=-1, metavar="[NAME|FOLDER]...")
@click.option(
    "--folder",
    "folders",
    metavar="DIR",
    multiple=True,
    type=click.Path(),
    help="List its models too; several times.",
)
@click.option("--loss", default="ce", show_default=True, help="NAME or NAME:KEY=VALUE:KEY=VALUE.")
@times_options
@click.option(
    "--test",
    type=click.Choice(("paired-t", "sign-flip", "corrected-t")),
    help="Of the differences, as of bertplay compare.",
)
@table_options
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
    help="Folder of compare.json, compare.md and compare.html; default: runs/backbones-TASK.",
)
@click.option(
    "--cache",
    metavar="DIR",
    type=click.Path(),
    help="Folder of the trainings' results; default: trainings in --output.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; progress on stderr.")
@click.pass_context
def backbones(
    context: click.Context,
    /,
    names: tuple[str, ...],
    folders: tuple[str, ...],
    as_json: bool,
    **of_trainings: Any,
) -> None:
    """Without names, list the encoders that bertplay knows of and those on this machine.

    With names of folders or of repos on the Hugging Face Hub, train a classifier on each of them,
    on the same splits, and compare what comes out with the first one: macro-F1 and the other
    figures of bertplay compare, and what it takes. Only a repo that is named is downloaded.
    """
    if not names:
        _require_list(context)
        _list(folders, as_json=as_json)
        return
    if folders:
        raise InputError("--folder is for the list of encoders: name its models instead")
    facts, folder = _compared(names, **of_trainings)
    show_comparison(facts, folder, as_json=as_json)


def _require_list(context: click.Context) -> None:
    """Refuse options of a comparison where nothing is compared."""
    for parameter in context.command.params:
        name = str(parameter.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in _OF_LIST:
            raise InputError(f"{parameter.opts[0]} is for a comparison: name encoders to compare")


def _list(folders: tuple[str, ...], *, as_json: bool) -> None:
    from dataclasses import asdict

    from bertplay.encoders.known import KNOWN_ENCODERS
    from bertplay.encoders.on_disk import encoders_on_disk

    found = encoders_on_disk([Path(folder).expanduser() for folder in folders])
    if as_json:
        listed = {"known": list(map(asdict, KNOWN_ENCODERS)), "on_disk": list(map(asdict, found))}
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return

    from bertplay.cli.encoder_tables import print_encoders

    print_encoders(KNOWN_ENCODERS, found, sys.stdout)


def _compared(
    names: tuple[str, ...],
    *,
    loss: str,
    seeds: int | None,
    folds: int | None,
    repeats: int | None,
    test: str | None,
    jobs: int,
    output: str | None,
    cache: str | None,
    **options_of_runs: Any,
) -> tuple[dict[str, Any], Path]:
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: it must be at least 1")

    from bertplay.cli.named_losses import parse_loss
    from bertplay.cli.trainings_view import trainings_view
    from bertplay.comparison.backbones import compare_backbones
    from bertplay.comparison.finished import written
    from bertplay.options import TrainOptions

    name, arguments = parse_loss(loss)
    times, default_test = times_of(seeds, folds, repeats)
    options = TrainOptions(loss=name, loss_args=arguments, **options_of_runs)
    task = options.task or ("titanic" if options.data is None else "table")
    folder = comparison_folder(output or f"runs/backbones-{task}")
    with trainings_view(sys.stderr) as view:
        facts = compare_backbones(
            options,
            names,
            times=times,
            test=test or default_test,
            jobs=jobs,
            cache=Path(cache).expanduser() if cache else folder / "trainings",
            view=view,
        )
    return written(facts, folder), folder
