"""`bertplay evaluate`: the figures of a trained model on a table with labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bertplay.data.dataset import LabelledTexts


@click.command(short_help="Evaluate a model on a table.")
@click.argument("run")
@click.option("--data", required=True, metavar="FILE", help="Table with labels.")
@click.option("--label", metavar="COL", help="Its label column, if not named as in training.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def evaluate(run: str, data: str, label: str | None, as_json: bool) -> None:
    """Evaluate the model of RUN on a table it has not seen.

    RUN is the folder that `bertplay train` wrote. The table needs the columns of the training
    table, the label included.
    """
    from dataclasses import asdict

    from bertplay import load
    from bertplay.alarms import alarms
    from bertplay.cli.long_prediction import predict_proba
    from bertplay.labelled_tables import load_evaluation_data
    from bertplay.metrics import evaluate as evaluate_probabilities
    from bertplay.metrics import majority_baseline

    classifier = load(run)
    texts = load_evaluation_data(classifier.task, data, label)
    assert texts.labels is not None
    counts = _training_counts(run, texts)
    probabilities = predict_proba(classifier, texts.texts)
    metrics = evaluate_probabilities(probabilities, texts.labels, texts.classes)
    result = {
        "run": run,
        "data": {"source": texts.source, "sha256": texts.sha256, "rows": len(texts)},
        **metrics.as_dict(),
        "baseline": dict(majority_baseline(counts, texts.labels)),
        "alarms": [asdict(alarm) for alarm in alarms(metrics, counts)],
    }
    if as_json:
        import json

        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        _print(result)


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

    from bertplay.cli.printable import one_line
    from bertplay.cli.result_tables import print_result, result_console

    console = result_console(sys.stdout)
    console.print(one_line(f"{result['data']['source']}: {result['data']['rows']:,} rows"))
    print_result(console, result, result["baseline"], result["alarms"])
