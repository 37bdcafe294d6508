"""`bertplay merge`: an adapter and its backbone as one model."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bertplay.data.errors import InputError

_EXAMPLES = """\b
Examples:
  bertplay merge runs/reviews/adapter --output reviews-model
  bertplay merge adapter --backbone all-MiniLM-L6-v2 --output reviews-model
"""


@click.command(epilog=_EXAMPLES, short_help="Merge an adapter into its backbone.")
@click.argument("adapter", type=click.Path())
@click.option(
    "--output", type=click.Path(), metavar="DIR", required=True, help="Folder of the merged model."
)
@click.option(
    "--backbone",
    metavar="NAME",
    help="Where the backbone lies now; by default where it lay when the adapter was trained.",
)
@click.option("--overwrite", is_flag=True, help="Replace the model in --output.")
def merge(adapter: str, output: str, backbone: str | None, overwrite: bool) -> None:
    """Merge ADAPTER, the folder `adapter` of a run, into the weights of its backbone.

    The result is a model like that of a run, which needs no backbone: `bertplay predict DIR`.
    """
    folder = Path(output).expanduser()
    _require_writable(folder, overwrite=overwrite)

    from bertplay.classifier import Classifier, save
    from bertplay.loading import load_adapter

    model = load_adapter(adapter, backbone)
    if isinstance(model, Classifier):
        save(model, folder)
    else:
        from bertplay.multi_task.classifier import save_multi_task

        save_multi_task(model, folder)
    click.echo(f"Wrote the merged model to {output}")


def _require_writable(folder: Path, *, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--output {folder} is a file: name a folder")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not _is_model(folder):
        raise InputError(
            f"--output {folder} holds files that are no model of bertplay: name another folder"
        )
    if not overwrite:
        raise InputError(
            f"--output {folder} already holds a model: name another folder, or replace it with "
            "--overwrite"
        )


def _is_model(folder: Path) -> bool:
    """Whether a folder holds a model of ours and nothing else, as all of it would be replaced."""
    names = {path.name for path in folder.iterdir()}
    if names != {"config.json", "model.safetensors", "tokenizer.json"}:
        return False
    try:
        return "bertplay" in json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False
