"""`bertplay diagnose`: what a run's model, or any table of predictions, does with each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bertplay.data.errors import InputError

_EXAMPLES = """\b
Examples:
  bertplay diagnose runs/titanic-focal_smooth
  bertplay diagnose runs/titanic-focal_smooth --explain 992 --explain 491
  bertplay diagnose runs/titanic-focal_smooth --slice sex --slice age
  bertplay diagnose --predictions p.csv --output p.html
"""


@click.command(epilog=_EXAMPLES, short_help="Write the report of a run or of predictions.")
@click.argument("run", required=False, type=click.Path())
@click.option(
    "--predictions",
    type=click.Path(),
    metavar="FILE",
    help="Table of predictions, of whatever model, in place of RUN: the column label, and a column "
    "of probabilities for each class; id and text where there are any.",
)
@click.option(
    "--explain",
    multiple=True,
    metavar="ID",
    help="Validation row whose words are coloured by their parts in its prediction; several times.",
)
@click.option(
    "--slice",
    "slices",
    multiple=True,
    metavar="COL",
    help="Column of the table whose values or ranges make groups of rows; several times.",
)
@click.option(
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="The page; default: report.html in RUN, or beside the predictions with their name.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def diagnose(
    run: str | None,
    predictions: str | None,
    explain: tuple[str, ...],
    slices: tuple[str, ...],
    output: str | None,
    as_json: bool,
) -> None:
    """Say what the model of RUN does with each class, and write it as a page.

    RUN is the folder that `bertplay train` wrote; its tables must be where they were.
    """
    if (run is None) == (predictions is None):
        raise InputError("give either RUN, the folder of a run, or --predictions FILE")
    if predictions is not None and explain:
        raise InputError(
            "--explain needs the model that made the predictions: give its RUN instead"
        )
    page = None if output is None else Path(output).expanduser()
    if run is not None:
        result = _of_run(run, explain, slices, page)
    else:
        result = _of_table(str(predictions), slices, page)
    _print(result, as_json=as_json)


def _of_run(
    run: str, explain: tuple[str, ...], slices: tuple[str, ...], output: Path | None
) -> dict[str, Any]:
    from bertplay.report import read_run_files, run_findings, validation_rows, write_report

    files = read_run_files(Path(run).expanduser())
    rows = validation_rows(files, slices)
    page = write_report(files.folder, rows, explain=explain, output=output)
    return {
        "run": run,
        "findings": run_findings(files),
        "validation": files.summary["validation"],
        "baseline": files.summary["baseline"],
        "page": str(page),
    }


def _of_table(predictions: str, slices: tuple[str, ...], output: Path | None) -> dict[str, Any]:
    from bertplay.report import read_predictions, write_predictions_report

    source = Path(predictions).expanduser()
    page = source.with_suffix(".html") if output is None else output
    figures = write_predictions_report(read_predictions(source, slices), source, page)
    return {"predictions": predictions, **figures, "page": str(page)}


def _print(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    from bertplay.cli.printable import one_line
    from bertplay.cli.result_tables import quiet_console

    console = quiet_console()
    for sentence in result["findings"]:
        console.print(one_line(sentence), markup=False)
    console.print(f"\nWritten to {one_line(result['page'])}", markup=False)
