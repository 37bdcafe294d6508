"""`bertplay merge`: an adapter and its backbone as one model."""

from __future__ import annotations

from pathlib import Path

import click

_EXAMPLES = """\b
Examples:
  bertplay merge runs/reviews/adapter --output reviews-model
  bertplay merge adapter --backbone sentence-transformers/all-MiniLM-L6-v2 --output reviews-model
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
    from bertplay.model_destination import require_model_destination

    require_model_destination(folder, overwrite=overwrite)

    from bertplay.classifier import Classifier, save
    from bertplay.loading import load_adapter

    model = load_adapter(adapter, backbone)
    if isinstance(model, Classifier):
        save(model, folder)
    else:
        from bertplay.multi_task.classifier import save_multi_task

        save_multi_task(model, folder)
    click.echo(f"Wrote the merged model to {output}")
