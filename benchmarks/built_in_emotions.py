"""Fine-tunes encoders on the built-in emotion table, beside bags of words, on its test part.

    python benchmarks/built_in_emotions.py --backbones all-MiniLM-L6-v2 --transfer val.csv

Each encoder is trained with the table's recipe and its last epoch is taken, so that neither the
test part nor the validation part chooses anything. With `--transfer`, a table of other texts whose
classes are among the built-in ones, the trained models are asked about it too: their likeliest of
those classes counts.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import bertplay
from bertplay.data.emotions import read_emotions
from bertplay.data.table import read_table
from bertplay.metrics import evaluate

Figures = Mapping[str, float]


def bag_of_words(class_weight: str | None) -> Figures:
    """TF-IDF of words and pairs with logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    frame = read_emotions()
    train, test = frame[frame["split"] == "train"], frame[frame["split"] == "test"]
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10.0, max_iter=2000, class_weight=class_weight),
    ).fit(train["text"], train["emotion"])
    classes = [str(name) for name in model.classes_]
    labels = [classes.index(name) for name in test["emotion"]]
    return _figures(evaluate(model.predict_proba(test["text"]), labels, classes).as_dict())


def trained(backbone: str, seed: int, args: argparse.Namespace) -> dict[str, float]:
    """One training; the figures of the test part and of the table of other texts."""
    with tempfile.TemporaryDirectory() as folder:
        summary = bertplay.train(
            bertplay.TrainOptions(
                task="emotion",
                loss=args.loss,
                backbone=backbone,
                epochs=args.epochs,
                lr=args.lr,
                seed=seed,
                keep="last",
                output=f"{folder}/run",
                report=False,
            )
        )
        figures = {**_figures(summary["test"])}
        if args.transfer:
            figures |= _on_other_texts(bertplay.load(f"{folder}/run"), args.transfer)
    return figures


def _on_other_texts(classifier: bertplay.Classifier, table: str) -> dict[str, float]:
    frame = read_table(table)
    shared = [name for name in classifier.classes if (frame["label"] == name).any()]
    columns = [classifier.classes.index(name) for name in shared]
    probabilities = classifier.predict_proba([str(text) for text in frame["text"]])[:, columns]
    labels = np.array([shared.index(name) for name in frame["label"]])
    figures = evaluate(probabilities / probabilities.sum(axis=1, keepdims=True), labels, shared)
    return {
        "transfer_accuracy": figures.accuracy,
        "transfer_macro_f1": figures.macro_f1,
        "transfer_majority": float(np.bincount(labels).max() / len(labels)),
    }


def _figures(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(metrics[name]) for name in ("accuracy", "macro_f1", "ece")}


def table(results: Mapping[str, Sequence[Figures]]) -> str:
    """Means and standard deviations over the seeds, as Markdown."""
    names = list(dict.fromkeys(name for runs in results.values() for run in runs for name in run))
    lines = [
        f"| method | {' | '.join(name.replace('_', ' ') for name in names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for method, runs in results.items():
        cells = [_cell([run[name] for run in runs if name in run]) for name in names]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "-"
    spread = f" +- {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread}"


def main() -> None:
    """Read the command line, train, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbones", nargs="*", default=[], help="folders, names or repo ids")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--loss", default="focal_smooth")
    parser.add_argument("--epochs", type=int, help="default: the recipe's, as for the next one")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--transfer", metavar="FILE", help="a table with columns text and label")
    args = parser.parse_args()
    results: dict[str, list[Figures]] = {
        "TF-IDF + logistic regression": [bag_of_words(None)],
        "TF-IDF + balanced logistic regression": [bag_of_words("balanced")],
    }
    for backbone in args.backbones:
        for seed in range(args.seeds):
            figures = trained(backbone, seed, args)
            results.setdefault(Path(backbone).name, []).append(figures)
            print(f"{Path(backbone).name}, seed {seed}: {figures}", flush=True)
    print(f"\n{table(results)}")


if __name__ == "__main__":
    main()
