"""`compare_methods`: methods on the same splits beside baselines, and what can be concluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bertplay.comparison.baselines import (
    baselines_for,
    class_counts,
    evaluated_rows,
    run_baseline,
)
from bertplay.comparison.concluded import Facts, concluded
from bertplay.comparison.figures import FIGURES, figures_of, prior_shifted
from bertplay.comparison.held_out import Predictions, named_rare_classes
from bertplay.comparison.paired import require_fitting_test
from bertplay.comparison.progress import SilentTrainings
from bertplay.comparison.splits import Split, splits_of_folds, splits_of_seeds
from bertplay.comparison.trainings import Method, Record, Training, plan_trainings, run_trainings
from bertplay.options import TrainOptions

PRIOR_SHIFT = "ce + prior shift"


@dataclass(frozen=True)
class Seeds:
    """Each seed has a split of its own, where the table has no fixed one.

    Attributes:
        count: how many.
    """

    count: int


@dataclass(frozen=True)
class Folds:
    """Repeated cross-validation.

    Attributes:
        count: parts of the table.
        repeats: how often it is divided anew.
    """

    count: int
    repeats: int


def compare_methods(
    options: TrainOptions,
    methods: Sequence[Method],
    *,
    times: Seeds | Folds,
    reference: str,
    test: str,
    jobs: int,
    cache: Path,
    view: SilentTrainings,
) -> Facts:
    """Train every method on every split, and compare them.

    Args:
        options: of all trainings, but for what a method changes, and the seed.
        methods: what to compare; one named `ce` is compared with the classes' shares taken out as
            well.
        times: how often each is trained.
        reference: the title of the method that others are compared to.
        test: of `bertplay.comparison.paired.TESTS`.
        jobs: trainings at once.
        cache: the folder of the trainings' results.
        view: is told of each training.

    Returns:
        What compare.json holds.

    Raises:
        InputError: the input or the options are wrong; nothing was trained.
        TrainingFailedError: a training failed.
        TrainingInterruptedError: Ctrl-C; what was finished is kept.
    """
    if isinstance(times, Folds):
        splits = splits_of_folds(options, times.count, times.repeats)
        counted = {"folds": times.count, "repeats": times.repeats}
    else:
        splits = splits_of_seeds(options, times.count)
        counted = {"seeds": times.count}
    table = splits[0].table
    fixed_split = table.test is not None or options.validation is not None
    require_fitting_test(test, len(splits), folds=isinstance(times, Folds), fixed_split=fixed_split)
    trainings = plan_trainings(options, methods, splits)
    records = run_trainings(trainings, cache, jobs, view)
    runs = _trained(trainings, records)
    for name, baseline in baselines_for(options, table).items():
        runs[name] = [run_baseline(baseline, split.table, options, split.seed) for split in splits]
    facts: Facts = {
        "task": table.task.name,
        "source": table.source,
        "sha256": table.sha256,
        "backbone": ", ".join(dict.fromkeys(Path(t.options.backbone).name for t in trainings)),
        "train_rows": len(table.train),
        "evaluated_rows": len(evaluated_rows(table)),
        "rare": named_rare_classes(class_counts(table)),
        **counted,
        "fixed_split": fixed_split,
        "methods": {
            name: {
                "seconds": float(np.mean([seconds for _, seconds in of_method])),
                "scores": _scores(of_method, splits),
            }
            for name, of_method in runs.items()
        },
    }
    for method in methods:
        own = [records[t.key] for t in trainings if t.title == method.title]
        facts["methods"][method.title].update(_cost(own))
    return concluded(facts, reference, test)


def _trained(
    trainings: Sequence[Training], records: Mapping[str, Record]
) -> dict[str, list[tuple[Predictions, float]]]:
    """Method to predictions and seconds on each split."""
    runs: dict[str, list[tuple[Predictions, float]]] = {}
    shifted = []
    for training in trainings:
        record = records[training.key]
        stored = record["predictions"]
        rows = Predictions(
            np.array(stored["log_probabilities"]),
            np.array(stored["labels"]),
            tuple(stored["classes"]),
        )
        runs.setdefault(training.title, []).append((rows, record["train_seconds"]))
        if training.title == "ce":
            counts = class_counts(training.split.table)
            shifted.append((prior_shifted(rows, counts), record["train_seconds"]))
    return {**runs, PRIOR_SHIFT: shifted} if shifted else runs


def _scores(
    runs: Sequence[tuple[Predictions, float]], splits: Sequence[Split]
) -> dict[str, list[float]]:
    of_splits = [
        figures_of(rows, class_counts(split.table))
        for (rows, _), split in zip(runs, splits, strict=True)
    ]
    return {figure.key: [of[figure.key] for of in of_splits] for figure in FIGURES}


def _cost(records: Sequence[Record]) -> dict[str, Any]:
    """What the trainings of a method took beside their seconds."""
    return {
        "rows_per_second": float(np.median([record["rows_per_second"] for record in records])),
        "peak_bytes": max(record["peak_bytes"] for record in records),
    }
