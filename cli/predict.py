"""`bertplay predict`: the classes of new texts, or of a table's rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bertplay.data.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bertplay.classifier import Classifier
    from bertplay.cli.prediction_output import Predictions
    from bertplay.cli.task_predictions import TaskPredictions
    from bertplay.multi_task.classifier import MultiTaskClassifier

_EXAMPLES = """\b
Examples:
  bertplay predict runs/emotion-ce "i feel so lucky"
  cat texts.txt | bertplay predict runs/emotion-ce --json
  bertplay predict runs/titanic-focal_smooth --data test.csv --output submission.csv
"""


@click.command(epilog=_EXAMPLES, short_help="Predict new texts or a table.")
@click.argument("run", type=click.Path())
@click.argument("text", nargs=-1)
@click.option(
    "--data",
    type=click.Path(),
    metavar="FILE",
    help="Table to predict: CSV, TSV, JSONL or Parquet.",
)
@click.option(
    "--text",
    "column",
    metavar="COL",
    help="Column of the table that has the texts, if not named as in training.",
)
@click.option(
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="CSV file to write instead of standard output.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file named by --output.")
@click.option(
    "--raw",
    is_flag=True,
    help="The network's own probabilities, without the calibration that is kept with the model.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, for scripts.")
def predict(
    run: str,
    text: tuple[str, ...],
    data: str | None,
    column: str | None,
    output: str | None,
    overwrite: bool,
    raw: bool,
    as_json: bool,
) -> None:
    """Predict with the model of RUN, the folder that `bertplay train` wrote.

    RUN may also be the folder of a model of transformers that classifies. The texts are the
    arguments TEXT, the rows of a table (--data), or else the lines of standard input. A table gives
    CSV: id, label, its confidence and each class's probability. Kaggle's test.csv of the Titanic
    gives the submission: PassengerId, Survived.

    Where the model has a decision rule (`bertplay train --optimise`), the column decided_by says
    of each row whether its label is the likeliest class, or else the rule; with --target-accuracy
    abstained says whether it is too unsure, and with --coverage set has the classes that it may
    well have.
    """
    if text and data is not None:
        raise InputError("TEXT and --data exclude each other: give one of them")
    if column is not None and data is None:
        raise InputError("--text names a column of the table that --data names: give --data too")
    if output is not None:
        _require_writable(Path(output).expanduser(), data, overwrite=overwrite)

    from bertplay.classifier import Classifier
    from bertplay.cli import prediction_output as out
    from bertplay.data.cells import writable
    from bertplay.loading import load_any

    text = tuple(writable(one) for one in text)
    model = load_any(run).reading(column)
    predictions: Predictions | TaskPredictions
    if not isinstance(model, Classifier):
        if raw:
            raise InputError(
                f"--raw leaves out a calibration, and {run} learned several label columns, which "
                "have none: leave --raw out"
            )
        texts = None if data is not None else text or _lines_of_standard_input()
        predictions = _of_tasks(model, data, texts)
        table = predictions.table()
    elif data is not None:
        predictions, table = _of_table(model, data, raw=raw)
    else:
        predictions = _of_texts(model, text or _lines_of_standard_input(), raw=raw)
        table = predictions.table()
    if isinstance(predictions, out.Predictions):
        for note in predictions.notes():
            click.echo(note, err=True)
    if output is not None:
        from bertplay.atomic_files import write_text

        write_text(Path(output).expanduser(), out.csv_text(table))
    if as_json:
        click.echo(predictions.json_text())
    elif output is not None:
        count = len(table) - 1
        click.echo(f"Wrote {count:,} prediction{'' if count == 1 else 's'} to {output}")
    elif data is not None:
        click.echo(out.csv_text(table), nl=False)
    elif sys.stdout.isatty():
        predictions.print_table()
    else:
        click.echo(out.tab_separated(table), nl=False)


def _of_tasks(
    model: MultiTaskClassifier, path: str | None, texts: Sequence[str] | None
) -> TaskPredictions:
    from bertplay.cli.long_prediction import predict_outputs
    from bertplay.cli.task_predictions import TaskPredictions
    from bertplay.labelled_tables import load_texts

    heading, names = "text", tuple(texts or ())
    if path is not None:
        heading = "id"
        names, texts = load_texts(model.task.text_rule, path)
    outputs = predict_outputs(model, texts or ())
    return TaskPredictions(heading, names, model.task.columns, outputs)


def _of_texts(classifier: Classifier, texts: Sequence[str], *, raw: bool) -> Predictions:
    from bertplay.cli.long_prediction import decide
    from bertplay.cli.prediction_output import Predictions

    decided = decide(classifier, texts, raw=raw)
    return Predictions("text", tuple(texts), classifier.classes, decided)


def _of_table(
    classifier: Classifier, path: str, *, raw: bool
) -> tuple[Predictions, list[Sequence[object]]]:
    """The predictions, and the table to write: Kaggle's submission where the table is Kaggle's."""
    from bertplay.cli.long_prediction import decide
    from bertplay.cli.prediction_output import Predictions
    from bertplay.labelled_tables import load_prediction_table, submission_columns

    data = load_prediction_table(classifier.task, path)
    decided = decide(classifier, data.texts, raw=raw)
    predictions = Predictions("id", data.ids, classifier.classes, decided)
    submission = submission_columns(classifier.task, data, decided.labels)
    if submission is None:
        return predictions, predictions.table()
    return predictions, [list(submission), *zip(*submission.values(), strict=True)]


def _require_writable(output: Path, data: str | None, *, overwrite: bool) -> None:
    if output.is_dir():
        raise InputError(f"--output {output} is a folder: name a file")
    if not output.exists():
        return
    if data is not None and Path(data).expanduser().exists() and output.samefile(data):
        raise InputError(f"--output {output} is the table to predict: name another file")
    if not overwrite:
        raise InputError(
            f"--output {output} exists: name another file, or replace it with --overwrite"
        )


def _lines_of_standard_input() -> list[str]:
    if sys.stdin.isatty():
        raise InputError("nothing to predict: give a TEXT, a table with --data, or standard input")
    try:
        content = sys.stdin.buffer.read().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputError("standard input is not UTF-8: convert it first") from error
    if not content:
        raise InputError("nothing to predict: no TEXT, no --data, and standard input is empty")
    return content.removesuffix("\n").split("\n")
