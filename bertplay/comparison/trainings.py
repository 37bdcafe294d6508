"""The trainings of a comparison: planned, run once each, and kept by what decides them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bertplay
from bertplay.atomic_files import write_json
from bertplay.comparison.fingerprints import code_sha256, folder_sha256, training_settings
from bertplay.comparison.held_out import read_predictions
from bertplay.comparison.several_at_once import finished
from bertplay.options import TrainOptions
from bertplay.run_directory import PREDICTIONS, TEST_PREDICTIONS
from bertplay.training.preparation import with_recipe
from bertplay.training_data import TrainingData

Record = dict[str, Any]

OnRun = Callable[[int, int, str], None]
"""Is told how many trainings are finished, of how many, and which was the last."""


@dataclass(frozen=True)
class ComparedLoss:
    """A loss of a comparison.

    Attributes:
        title: as tables show it.
        loss: its name.
        arguments: its options.
    """

    title: str
    loss: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Training:
    """One training.

    Attributes:
        title: of its loss.
        options: what to train.
        key: the fingerprint of all that decides the result.
    """

    title: str
    options: TrainOptions
    key: str


def plan_trainings(
    options: TrainOptions, losses: Sequence[ComparedLoss], tables: Sequence[TrainingData]
) -> list[Training]:
    """Every loss with every seed, seed by seed, so that the losses advance together.

    The weights of the last epoch are taken, so that no row that is evaluated chooses anything.

    Args:
        options: of all trainings, but for loss and seed.
        losses: the losses.
        tables: the split of each seed, from 0.
    """
    ground = {
        "backbone": folder_sha256(options.backbone) or options.backbone,
        "code": code_sha256(),
        "mlx": version("mlx"),
        "bertplay": bertplay.__version__,
    }
    trainings = []
    for seed, table in enumerate(tables):
        for loss in losses:
            of_run = replace(
                options,
                loss=loss.loss,
                loss_args=dict(loss.arguments),
                seed=seed,
                keep="last",
                calibration="none",
                report=False,
            )
            of_run = with_recipe(of_run, table.task.name)
            data = [table.sha256, table.validation.sha256]
            settings = {"options": training_settings(of_run), "data": data, **ground}
            text = json.dumps(settings, sort_keys=True, default=str)
            key = hashlib.sha256(text.encode()).hexdigest()[:32]
            trainings.append(Training(loss.title, of_run, key))
    return trainings


def run_trainings(
    trainings: Sequence[Training], cache: Path, jobs: int, on_run: OnRun
) -> dict[str, Record]:
    """Run what is not in the cache; each result is in it as soon as its training ends.

    Args:
        trainings: what to run.
        cache: folder of one JSON file a training, named by its key.
        jobs: processes at once.
        on_run: is told of each training.

    Returns:
        Key to result: `predictions` (`log_probabilities`, `labels`, `classes`), and
        `train_seconds`.

    Raises:
        TrainingFailedError: a training failed.
        TrainingInterruptedError: Ctrl-C; what was finished is kept.
    """
    from bertplay.training import TrainingInterruptedError

    stored = {training.key: _stored(cache / f"{training.key}.json") for training in trainings}
    missing = [training for training in trainings if stored[training.key] is None]
    done, total = len(trainings) - len(missing), len(trainings)
    on_run(done, total, "")
    try:
        for training, record in finished(_train, missing, jobs):
            write_json(cache / f"{training.key}.json", record)
            stored[training.key] = record
            done += 1
            on_run(done, total, f"seed {training.options.seed}, {training.title}")
    except (KeyboardInterrupt, TrainingInterruptedError):
        raise TrainingInterruptedError(
            f"{done} of {total} trainings are finished and kept; the same command goes on with "
            "the others"
        ) from None
    return {key: record for key, record in stored.items() if record is not None}


def _stored(path: Path) -> Record | None:
    """A result of an earlier call; None where there is none, or one that cannot be read."""
    try:
        record: Record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    complete = isinstance(record, dict) and {"predictions", "train_seconds"} <= record.keys()
    return record if complete else None


def _train(training: Training) -> Record:
    import mlx.core as mx

    with tempfile.TemporaryDirectory(prefix="bertplay-compare-") as name:
        output = Path(name) / "run"
        summary = bertplay.train(replace(training.options, output=str(output)))
        test = output / TEST_PREDICTIONS
        rows = read_predictions(test if test.exists() else output / PREDICTIONS)
    mx.clear_cache()
    predictions = {
        "log_probabilities": rows.log_probabilities.tolist(),
        "labels": rows.labels.tolist(),
        "classes": list(rows.classes),
    }
    return {
        "loss": training.title,
        "seed": training.options.seed,
        "predictions": predictions,
        "train_seconds": summary["train_seconds"],
    }
