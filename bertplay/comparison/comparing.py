"""`compare_losses`: losses on the same splits beside baselines, and what can be concluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from bertplay.comparison.finished import written
from bertplay.comparison.held_out import Predictions, named_rare_classes
from bertplay.comparison.paired import require_fitting_test
from bertplay.comparison.trainings import (
    ComparedLoss,
    OnRun,
    Training,
    plan_trainings,
    run_trainings,
)
from bertplay.data.errors import InputError
from bertplay.options import TrainOptions
from bertplay.training_data import TrainingData, load_training_data

PRIOR_SHIFT = "ce + prior shift"


def compare_losses(
    options: TrainOptions,
    losses: Sequence[ComparedLoss],
    *,
    seeds: int,
    reference: str,
    test: str,
    jobs: int,
    output: Path,
    cache: Path,
    on_run: OnRun,
) -> Facts:
    """Train every loss with every seed, compare them, and write compare.json, .md and .html.

    Args:
        options: of all trainings, but for loss and seed.
        losses: what to compare; plain `ce` is compared with the classes' shares taken out as well.
        seeds: how many, at least 2.
        reference: the title of the loss that others are compared to.
        test: of `bertplay.comparison.paired.TESTS`.
        jobs: trainings at once.
        output: the folder of the three files.
        cache: the folder of the trainings' results.
        on_run: is told of each training.

    Returns:
        What compare.json holds.

    Raises:
        InputError: the input or the options are wrong.
        TrainingFailedError: a training failed.
        TrainingInterruptedError: Ctrl-C; what was finished is kept.
    """
    if seeds < 2:
        raise InputError(f"--seeds {seeds}: a test needs two seeds at least")
    tables = [load_training_data(replace(options, seed=seed)) for seed in range(seeds)]
    fixed_split = tables[0].test is not None or options.validation is not None
    require_fitting_test(test, seeds, folds=False, fixed_split=fixed_split)
    trainings = plan_trainings(options, losses, tables)
    records = run_trainings(trainings, cache, jobs, on_run)
    runs = _trained(trainings, records, tables)
    baselines = baselines_for(options, tables[0])
    for name, baseline in baselines.items():
        runs[name] = [
            run_baseline(baseline, table, options, seed) for seed, table in enumerate(tables)
        ]
    facts = {
        "task": tables[0].task.name,
        "source": tables[0].source,
        "sha256": tables[0].sha256,
        "backbone": Path(options.backbone).name,
        "train_rows": len(tables[0].train),
        "evaluated_rows": len(evaluated_rows(tables[0])),
        "rare": named_rare_classes(class_counts(tables[0])),
        "seeds": seeds,
        "fixed_split": fixed_split,
        "methods": {
            name: {
                "seconds": float(np.mean([seconds for _, seconds in of_method])),
                "scores": _scores(of_method, tables),
            }
            for name, of_method in runs.items()
        },
    }
    return written(concluded(facts, reference, test), output)


def _trained(
    trainings: Sequence[Training],
    records: Mapping[str, Mapping[str, Any]],
    tables: Sequence[TrainingData],
) -> dict[str, list[tuple[Predictions, float]]]:
    """Method to predictions and seconds of each seed."""
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
            counts = class_counts(tables[training.options.seed])
            shifted.append((prior_shifted(rows, counts), record["train_seconds"]))
    return {**runs, PRIOR_SHIFT: shifted} if shifted else runs


def _scores(
    runs: Sequence[tuple[Predictions, float]], tables: Sequence[TrainingData]
) -> dict[str, list[float]]:
    of_seeds = [
        figures_of(rows, class_counts(table)) for (rows, _), table in zip(runs, tables, strict=True)
    ]
    return {figure.key: [of[figure.key] for of in of_seeds] for figure in FIGURES}
