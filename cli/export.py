"""`bertplay export`: a trained model for other programs."""

from __future__ import annotations

import click

from bertplay.cli.completed_values import completion_of

_EXAMPLES = """\b
Examples:
  bertplay export runs/reviews --format hf --output reviews-model
  bertplay export runs/reviews --format onnx --output reviews-onnx --license mit --overwrite
"""


@click.command(epilog=_EXAMPLES, short_help="Write a model for other programs.")
@click.argument("run", type=click.Path())
@click.option(
    "--format",
    "format_name",
    metavar="NAME",
    required=True,
    help="hf (a folder that transformers loads) or onnx.",
    shell_complete=completion_of("format", ("hf", "onnx")),
)
@click.option("--output", type=click.Path(), metavar="DIR", required=True, help="Folder to write.")
@click.option("--overwrite", is_flag=True, help="Replace the export in --output.")
@click.option("--name", metavar="NAME", help="Of the model, in its card; default: the folder's.")
@click.option("--license", "license_id", metavar="ID", help="Of the model, e.g. mit or apache-2.0.")
def export(
    run: str,
    format_name: str,
    output: str,
    overwrite: bool,
    name: str | None,
    license_id: str | None,
) -> None:
    """Write the model of RUN in another program's format, with a model card.

    The result is compared with the model on sample texts where the other program is installed.
    """
    from bertplay.export.writing import ExportSettings, export_run

    settings = ExportSettings(format_name, name, license_id)
    done = export_run(run, output, settings, overwrite=overwrite)
    click.echo(f"Wrote {output}")
    for check in done.checks:
        click.echo(f"Checked: {check.sentence}")
    for remark in done.remarks:
        click.echo(f"Note: {remark}")
