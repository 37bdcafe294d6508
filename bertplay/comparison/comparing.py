"""`compare_losses`: losses on the same splits beside baselines, and what can be concluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from bertplay.atomic_files import write_json, write_text
from bertplay.comparison.baselines import baselines_for, evaluated_rows, run_baseline
from bertplay.comparison.conclusions import recommendation, sentences
from bertplay.comparison.figures import FIGURES, figures_of, prior_shifted
from bertplay.comparison.held_out import Predictions, rare_classes
from bertplay.comparison.html_page import html
from bertplay.comparison.page import markdown
from bertplay.comparison.paired import Difference, differences
from bertplay.comparison.statistics import mean_interval
from bertplay.comparison.trainings import (
    ComparedLoss,
    OnRun,
    Training,
    plan_trainings,
    run_trainings,
)
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
) -> dict[str, Any]:
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
    tables = [load_training_data(replace(options, seed=seed)) for seed in range(seeds)]
    trainings = plan_trainings(options, losses, tables)
    records = run_trainings(trainings, cache, jobs, on_run)
    runs = _trained(trainings, records, tables)
    baselines = baselines_for(options, tables[0])
    for name, baseline in baselines.items():
        runs[name] = [
            run_baseline(baseline, table, options, seed) for seed, table in enumerate(tables)
        ]
    scores = {name: _scores(of_method, tables) for name, of_method in runs.items()}
    compared = differences(scores, reference, test)
    *most, last = rare_classes(_counts(tables[0]))
    rare = f"{', '.join(most)} and {last}" if most else last
    facts = {
        "task": tables[0].task.name,
        "source": tables[0].source,
        "sha256": tables[0].sha256,
        "backbone": Path(options.backbone).name,
        "train_rows": len(tables[0].train),
        "evaluated_rows": len(evaluated_rows(tables[0])),
        "rare": rare,
        "seeds": seeds,
        "reference": reference,
        "test": test,
        "methods": {
            name: {
                "seconds": float(np.mean([seconds for _, seconds in runs[name]])),
                "scores": scores[name],
                "figures": {f.key: asdict(mean_interval(scores[name][f.key])) for f in FIGURES},
                "differences": _as_values(compared.get(name)),
            }
            for name in scores
        },
        "conclusions": sentences(compared, reference, rare),
        "limits": _limits(tables[0], options),
        "recommendation": recommendation(scores, compared, reference, list(baselines), rare),
    }
    write_json(output / "compare.json", facts)
    write_text(output / "compare.md", markdown(facts))
    write_text(output / "compare.html", html(facts))
    return facts


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
            counts = _counts(tables[training.options.seed])
            shifted.append((prior_shifted(rows, counts), record["train_seconds"]))
    return {**runs, PRIOR_SHIFT: shifted} if shifted else runs


def _scores(
    runs: Sequence[tuple[Predictions, float]], tables: Sequence[TrainingData]
) -> dict[str, list[float]]:
    of_seeds = [
        figures_of(rows, _counts(table)) for (rows, _), table in zip(runs, tables, strict=True)
    ]
    return {figure.key: [of[figure.key] for of in of_seeds] for figure in FIGURES}


def _counts(table: TrainingData) -> dict[str, int]:
    return dict(zip(table.classes, table.class_counts, strict=True))


def _as_values(of_method: Mapping[str, Difference] | None) -> dict[str, dict[str, Any]] | None:
    if of_method is None:
        return None
    return {
        key: {**asdict(d.interval), "p": d.p, "adjusted_p": d.adjusted_p}
        for key, d in of_method.items()
    }


def _limits(table: TrainingData, options: TrainOptions) -> list[str]:
    """What the intervals and tests do not speak of."""
    fixed = table.test is not None or options.validation is not None
    noise = "training noise" if fixed else "training and splitting noise"
    return [
        f"All seeds share one table: intervals and tests speak of {noise} on this table, not of "
        "other tables. No evidence of a difference is not evidence that there is none. Intervals "
        "are for one difference at a time; only p is corrected, for all methods and figures."
    ]
