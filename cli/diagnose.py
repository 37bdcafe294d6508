"""`bertplay diagnose`: what a run's model, or any table of predictions, does with each class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bertplay.data.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bertplay.report import Chosen, DiagnosedRows, Rows, RunFiles

_EXAMPLES = """\b
Examples:
  bertplay diagnose runs/titanic-focal_smooth
  bertplay diagnose runs/titanic-focal_smooth --explain 992 --explain 491
  bertplay diagnose runs/titanic-focal_smooth --slice sex --class survived
  bertplay diagnose runs/titanic-focal_smooth --data other.csv --json
  bertplay diagnose --predictions p.csv --output p.html
"""


@click.command(epilog=_EXAMPLES, short_help="Say what a model does with each class, on a page.")
@click.argument("run", required=False, type=click.Path())
@click.option(
    "--predictions",
    type=click.Path(),
    metavar="FILE",
    help="Table of predictions, of whatever model, in place of RUN: the column label, and a column "
    "of probabilities for each class; id and text where there are any.",
)
@click.option("--logits", is_flag=True, help="The columns of --predictions hold logits.")
@click.option(
    "--split",
    type=click.Choice(["validation", "test"]),
    help="Which rows of RUN; default: validation, which the whole page of a run is about.",
)
@click.option(
    "--data",
    type=click.Path(),
    metavar="FILE",
    help="Another table with labels, that the model of RUN predicts first.",
)
@click.option(
    "--label", metavar="COL", help="The label column of --data, if not named as in training."
)
@click.option(
    "--raw",
    is_flag=True,
    help="With --data, the network's own probabilities and their likeliest classes, without the "
    "calibration and the decision rule that are kept with the model.",
)
@click.option(
    "--slice",
    "slices",
    multiple=True,
    metavar="COL",
    help="Column of the table whose values or ranges make groups of rows; several times.",
)
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME",
    help="Class whose thresholds are drawn, in place of the rarest one; several times.",
)
@click.option(
    "--explain",
    multiple=True,
    metavar="ID",
    help="Row whose words are coloured by their parts in its prediction; several times.",
)
@click.option(
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="The page; default: report.html in RUN, report-test.html or report-DATA.html for other "
    "rows, or beside the predictions with their name.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all figures as one JSON object.")
def diagnose(
    run: str | None,
    predictions: str | None,
    logits: bool,
    split: str | None,
    data: str | None,
    label: str | None,
    raw: bool,
    slices: tuple[str, ...],
    classes: tuple[str, ...],
    explain: tuple[str, ...],
    output: str | None,
    as_json: bool,
) -> None:
    """Say what the model of RUN does with each class, and write it as a page.

    RUN is the folder that `bertplay train` wrote; its tables must be where they were. At the end
    stands what follows from the figures: what to do next.
    """
    if (run is None) == (predictions is None):
        raise InputError("give either RUN, the folder of a run, or --predictions FILE")
    _refuse_contradictions(
        of_model={"--split": split, "--data": data, "--explain": explain} if run is None else {},
        of_data={"--label": label, "--raw": raw} if data is None else {},
        of_predictions={"--logits": logits} if predictions is None else {},
    )
    if split is not None and data is not None:
        raise InputError("--split names rows of the run and --data another table: give one of them")
    from bertplay.report import Chosen

    chosen = Chosen(explain, classes)
    page = None if output is None else Path(output).expanduser()
    if predictions is not None:
        result = _of_predictions(predictions, logits, slices, chosen, page)
    elif data is not None:
        result = _of_data(str(run), data, label, raw, slices, chosen, page)
    elif split == "test":
        result = _of_test_rows(str(run), slices, chosen, page)
    else:
        result = _of_run(str(run), slices, chosen, page)
    _print(result, as_json=as_json)


def _refuse_contradictions(
    of_model: dict[str, Any], of_data: dict[str, Any], of_predictions: dict[str, Any]
) -> None:
    """Refuse options that would do nothing."""
    reasons = (
        (of_model, "needs the model that made the predictions: give its RUN instead"),
        (of_data, "is about the table of --data: name it"),
        (of_predictions, "is about the table of --predictions: name it"),
    )
    for options, reason in reasons:
        for name, value in options.items():
            if value:
                raise InputError(f"{name} {reason}")


def _of_run(
    run: str, slices: tuple[str, ...], chosen: Chosen, output: Path | None
) -> dict[str, Any]:
    from bertplay.report import (
        diagnosed,
        held_out_rows,
        next_steps,
        read_run_files,
        require_two_classes,
        run_findings,
        write_run_page,
    )

    files = read_run_files(Path(run).expanduser())
    rows = held_out_rows(files, "validation", slices)
    if "" in rows:
        require_two_classes(rows[""], f"the validation rows of {run}")
    found = diagnosed(rows, files)
    page = write_run_page(files, found, chosen, output)
    return {
        "run": run,
        "split": "validation",
        "findings": run_findings(files),
        "next_steps": list(next_steps(found, run)),
        "checks": files.summary.get("checks", []),
        "baseline": files.summary["baseline"],
        **_figures(found),
        "epochs": list(files.records),
        "page": str(page),
    }


def _of_test_rows(
    run: str, slices: tuple[str, ...], chosen: Chosen, output: Path | None
) -> dict[str, Any]:
    from bertplay.report import diagnosed_rows, held_out_rows, read_run_files

    files = read_run_files(Path(run).expanduser())
    rows = held_out_rows(files, "test", slices)
    found = diagnosed_rows(files, rows, which="test rows", source=f"test rows of {run}")
    written = _written(files, found, chosen, output, "test")
    return {"run": run, "split": "test", **written}


def _of_data(
    run: str,
    data: str,
    label: str | None,
    raw: bool,
    slices: tuple[str, ...],
    chosen: Chosen,
    output: Path | None,
) -> dict[str, Any]:
    from bertplay.report import cells_of_table, diagnosed_rows, read_run_files, with_columns

    files = read_run_files(Path(run).expanduser())
    cells = cells_of_table(data, slices) if slices else {}
    rows, rule = _predicted(run, data, label, raw=raw)
    rows = with_columns(rows, cells)
    found = diagnosed_rows(files, rows, which=f"rows of {Path(data).name}", source=data)
    written = _written(files, found, chosen, output, Path(data).stem)
    return {"run": run, "data": data, "rule": rule, **written}


def _predicted(
    run: str, data: str, label: str | None, *, raw: bool
) -> tuple[Mapping[str, Rows], str | None]:
    """Label column to the rows of a table with what the model says of them, and what decided."""
    from bertplay.classifier import Classifier
    from bertplay.cli.long_prediction import decide, predict_outputs
    from bertplay.labelled_tables import load_evaluation_data
    from bertplay.loading import load_any
    from bertplay.multi_task.evaluation import evaluation_rows
    from bertplay.report import PredictedRows, rows_of_tasks

    model = load_any(run)
    if not isinstance(model, Classifier):
        if raw:
            raise InputError(
                f"--raw leaves out a calibration, and {run} learned several label columns, which "
                "have none: leave --raw out"
            )
        of_tasks = evaluation_rows(model, data, label)
        outputs = predict_outputs(model, of_tasks.texts)
        return rows_of_tasks(of_tasks.ids, of_tasks.texts, of_tasks.labels, outputs), None
    texts = load_evaluation_data(model.task, data, label)
    assert texts.labels is not None
    decided = decide(model, texts.texts, raw=raw)
    rows = PredictedRows(
        texts.ids,
        texts.texts,
        texts.labels,
        decided.probabilities,
        texts.classes,
        decided=decided.labels,
    )
    return {"": rows}, decided.rule


def _of_predictions(
    predictions: str, logits: bool, slices: tuple[str, ...], chosen: Chosen, output: Path | None
) -> dict[str, Any]:
    from bertplay.report import diagnosed_predictions, read_predictions, write_rows_page

    source = Path(predictions).expanduser()
    found = diagnosed_predictions(read_predictions(source, slices, logits=logits), source)
    page = write_rows_page(found, chosen, output or source.with_suffix(".html"))
    return {"predictions": predictions, **_as_dict(found), "page": str(page)}


def _written(
    files: RunFiles, found: DiagnosedRows, chosen: Chosen, output: Path | None, name: str
) -> dict[str, Any]:
    from bertplay.loading import load_any
    from bertplay.report import write_rows_page

    page = output or files.folder / f"report-{name}.html"
    write_rows_page(found, chosen, page, load_any(files.folder))
    return {**_as_dict(found), "page": str(page)}


def _as_dict(found: DiagnosedRows) -> dict[str, Any]:
    baselines = found.baselines
    return {
        "findings": found.findings,
        "next_steps": list(found.steps),
        "checks": list(found.checks),
        "baseline": dict(baselines[""]) if "" in baselines else dict(baselines),
        **_figures(found.columns),
    }


def _figures(columns: Mapping[str, Any]) -> dict[str, Any]:
    """All figures: of a single label column as they are, of several under `tasks`."""
    figures: dict[str, dict[str, Any]] = {name: of.as_dict() for name, of in columns.items()}
    return figures.get("", {"tasks": figures})


def _print(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False))
        return
    import sys

    from bertplay.cli.diagnosis_view import print_diagnosis
    from bertplay.cli.result_tables import result_console

    print_diagnosis(result_console(sys.stdout), result)
