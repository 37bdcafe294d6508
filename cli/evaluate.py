"""`bertplay evaluate`: the figures of a trained model on a table with labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bertplay.data.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bertplay.classifier import Classifier
    from bertplay.data.dataset import LabelledTexts
    from bertplay.multi_task.classifier import MultiTaskClassifier


_EXAMPLES = """\b
Examples:
  bertplay evaluate runs/table-ce --data test.csv
  bertplay evaluate runs/table-ce --data test.csv --label stars --json
"""


@click.command(epilog=_EXAMPLES, short_help="Evaluate a model on a table.")
@click.argument("run", type=click.Path())
@click.option("--data", required=True, type=click.Path(), metavar="FILE", help="Table with labels.")
@click.option("--label", metavar="COL", help="Its label column, if not named as in training.")
@click.option("--text", metavar="COL", help="Its text column, if not named as in training.")
@click.option(
    "--raw",
    is_flag=True,
    help="The network's own probabilities, without the calibration that is kept with the model.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def evaluate(
    run: str, data: str, label: str | None, text: str | None, raw: bool, as_json: bool
) -> None:
    """Evaluate the model of RUN on a table it has not seen.

    RUN is the folder that `bertplay train` wrote, or that of a model of transformers that
    classifies. The table needs the columns of the training table, the label included; of several
    tasks, each is evaluated on the rows that have its label.
    """
    from bertplay.classifier import Classifier
    from bertplay.loading import load_any

    model = load_any(run).reading(text)
    if isinstance(model, Classifier):
        result = _of_classifier(model, run, data, label, raw=raw)
    elif raw:
        raise InputError(
            f"--raw leaves out a calibration, and {run} learned several label columns, which have "
            "none: leave --raw out"
        )
    else:
        result = _of_tasks(model, run, data, label)
    if as_json:
        import json

        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        _print(result)


def _of_classifier(
    classifier: Classifier, run: str, data: str, label: str | None, *, raw: bool
) -> dict[str, Any]:
    from bertplay.checks.predictions import prediction_checks
    from bertplay.checks.thresholds import Thresholds
    from bertplay.cli.long_prediction import decide
    from bertplay.decisions.deciding import further_figures
    from bertplay.labelled_tables import load_evaluation_data
    from bertplay.metrics import evaluate as evaluate_probabilities
    from bertplay.metrics import majority_baseline

    texts = load_evaluation_data(classifier.task, data, label)
    assert texts.labels is not None
    counts = _training_counts(run, texts)
    decided = decide(classifier, texts.texts, raw=raw)
    metrics = evaluate_probabilities(
        decided.probabilities, texts.labels, texts.classes, decided.labels
    )
    return {
        "run": run,
        "data": {"source": texts.source, "sha256": texts.sha256, "rows": len(texts)},
        "rule": decided.rule,
        **further_figures(decided, texts.labels, texts.classes),
        **metrics.as_dict(),
        "baseline": dict(majority_baseline(counts, texts.labels)),
        "checks": [check.as_dict() for check in prediction_checks(metrics, counts, Thresholds())],
    }


def _of_tasks(model: MultiTaskClassifier, run: str, data: str, label: str | None) -> dict[str, Any]:
    from bertplay.cli.long_prediction import predict_outputs
    from bertplay.multi_task.evaluation import evaluation_rows, metrics_of_outputs

    rows = evaluation_rows(model, data, label)
    tasks = metrics_of_outputs(predict_outputs(model, rows.texts), rows)
    return {
        "run": run,
        "data": {"source": rows.source, "sha256": rows.sha256, "rows": len(rows)},
        "tasks": {name: metrics.as_dict() for name, metrics in tasks.items()},
        "kinds": {column.name: column.kind for column in model.task.columns},
    }


def _training_counts(run: str, texts: LabelledTexts) -> Mapping[str, int]:
    """Rows of each class that the model was trained on; of a bare model folder, those given here.

    The majority class is the one that was frequent in training: a table to evaluate on would give
    its own answer away.
    """
    import json

    summary = Path(run).expanduser() / "summary.json"
    if summary.is_file():
        counts: dict[str, int] = json.loads(summary.read_text(encoding="utf-8"))["data"][
            "class_counts"
        ]
        return counts
    return dict(zip(texts.classes, texts.class_counts, strict=True))


def _print(result: Mapping[str, Any]) -> None:
    import sys

    from bertplay.cli.check_lines import fired_lines
    from bertplay.cli.printable import one_line
    from bertplay.cli.result_tables import print_result, result_console

    console = result_console(sys.stdout)
    console.print(one_line(f"{result['data']['source']}: {result['data']['rows']:,} rows"))
    if "tasks" in result:
        from bertplay.cli.task_tables import print_tasks_result

        kinds = {name: {"kind": kind} for name, kind in result["kinds"].items()}
        print_tasks_result(console, kinds, result["tasks"])
        return
    print_result(console, result, result["baseline"], fired_lines(result))
