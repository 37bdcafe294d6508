"""`bertplay quantize`: a trained model with its weights in 8 or 4 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bertplay.cli.completed_values import completion_of

if TYPE_CHECKING:
    from rich.console import Console

    from bertplay.quantized_models import ChangedFigures, QuantizedModel

_EXAMPLES = """\b
Examples:
  bertplay quantize runs/reviews --bits 8
  bertplay quantize runs/reviews --bits 4 --output reviews-small
  bertplay quantize runs/lora/adapter --bits 8 --group-size 32
"""

_FIGURES = {
    "accuracy": "accuracy",
    "macro-F1": "macro_f1",
    "expected calibration error": "ece",
}


@click.command(epilog=_EXAMPLES, short_help="Write a model with weights of 8 or 4 bits.")
@click.argument("run", type=click.Path())
@click.option(
    "--bits",
    type=int,
    metavar="N",
    required=True,
    help="Of a weight, 8 or 4.",
    shell_complete=completion_of("bits", ("8", "4")),
)
@click.option(
    "--group-size",
    type=int,
    metavar="N",
    help="So many weights have a scale in common: 32, 64 or 128; default: 64, or 32 where it must.",
    shell_complete=completion_of("group size", ("32", "64", "128")),
)
@click.option(
    "--output", type=click.Path(), metavar="DIR", help="Folder to write; default: RUN-8bit, -4bit."
)
@click.option("--overwrite", is_flag=True, help="Replace the model in --output.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def quantize(
    run: str,
    bits: int,
    group_size: int | None,
    output: str | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write the model of RUN with its encoder's weights in few bits.

    The result is a model like that of a run: `bertplay predict DIR`. Where the run's validation
    rows are still there, its figures on them before and after are printed.
    """
    from bertplay.quantized_models import quantize as quantize_run

    result = quantize_run(run, output, bits=bits, group_size=group_size, overwrite=overwrite)
    if as_json:
        import json

        click.echo(json.dumps(result.as_dict(), indent=2, ensure_ascii=False))
    else:
        _print(result)


def _print(result: QuantizedModel) -> None:
    import sys

    from bertplay.cli.printable import one_line
    from bertplay.cli.result_tables import result_console

    console = result_console(sys.stdout)
    before, after = result.bytes_before, result.bytes_after
    console.print(
        f"Weights: {before / 1e6:.1f} MB before, {after / 1e6:.1f} MB in "
        f"{result.quantization.bits} bits and groups of {result.quantization.group_size} "
        f"({after / before:.0%})"
    )
    for name, figures in result.figures.items():
        _print_figures(console, name, figures)
    if result.remark is not None:
        console.print(f"Note: {one_line(result.remark)}")
    console.print(f"Wrote the quantized model to {one_line(str(result.folder))}")


def _print_figures(console: Console, name: str, figures: ChangedFigures) -> None:
    from bertplay.cli.printable import figure, one_line, percent
    from bertplay.cli.result_tables import plain_table

    table = plain_table(one_line(name), "before", "after")
    before, after = figures.before.as_dict(), figures.after.as_dict()
    for heading, key in _FIGURES.items():
        table.add_row(heading, figure(before[key]), figure(after[key]))
    console.print(table)
    console.print(f"Of {figures.rows:,} validation rows, {percent(figures.changed)} changed class")
