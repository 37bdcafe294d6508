"""`bertplay export`: a trained model for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from bertplay.cli.completed_values import completion_of
from bertplay.data.errors import InputError

_EXAMPLES = """\b
Examples:
  bertplay export runs/reviews --format hf --output reviews-model
  bertplay export runs/lora --format peft --output reviews-adapter
  bertplay export runs/reviews --format hf --output reviews-model --push someone/reviews
  bertplay export runs/reviews --format onnx --output reviews-onnx --license mit --overwrite
"""


@click.command(epilog=_EXAMPLES, short_help="Write a model for other programs.")
@click.argument("run", type=click.Path())
@click.option(
    "--format",
    "format_name",
    metavar="NAME",
    required=True,
    help="hf (a folder for transformers), onnx (one file) or peft (an adapter).",
    shell_complete=completion_of("format", ("hf", "onnx", "peft")),
)
@click.option("--output", type=click.Path(), metavar="DIR", required=True, help="Folder to write.")
@click.option("--overwrite", is_flag=True, help="Replace the export in --output.")
@click.option("--name", metavar="NAME", help="Of the model, in its card; default: the folder's.")
@click.option("--license", "license_id", metavar="ID", help="Of the model, e.g. mit or apache-2.0.")
@click.option("--push", metavar="REPO", help="Upload the folder to OWNER/NAME on the Hub.")
@click.option("--private", is_flag=True, help="Make that repository private.")
def export(
    run: str,
    format_name: str,
    output: str,
    overwrite: bool,
    name: str | None,
    license_id: str | None,
    push: str | None,
    private: bool,
) -> None:
    """Write the model of RUN in another program's format, with a model card.

    The result is compared with the model on sample texts where the other program is installed.
    """
    from bertplay.export.hub import push_folder, require_repo
    from bertplay.export.writing import ExportSettings, export_run

    if push is not None:
        require_repo(push)
    elif private:
        raise InputError("--private is of the repository that --push names: give --push too")
    settings = ExportSettings(format_name, name, license_id, push)
    written = export_run(run, output, settings, overwrite=overwrite)
    click.echo(f"Wrote {output}")
    for check in written.checks:
        click.echo(f"{'Note' if check.difference is None else 'Checked'}: {check.sentence}")
    for remark in written.remarks:
        click.echo(f"Note: {remark}")
    if push is not None:
        click.echo(f"Pushed to {push_folder(Path(output).expanduser(), push, private=private)}")
