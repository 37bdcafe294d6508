"""The trainings of a comparison: planned, run once each, and kept by what decides them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bertplay
from bertplay.atomic_files import write_json
from bertplay.comparison.fingerprints import code_sha256, folder_sha256, training_settings
from bertplay.comparison.held_out import read_predictions
from bertplay.comparison.progress import ShareOfSteps, SilentTrainings
from bertplay.comparison.several_at_once import finished
from bertplay.comparison.splits import Split
from bertplay.options import TrainOptions
from bertplay.run_directory import PREDICTIONS, TEST_PREDICTIONS
from bertplay.training.preparation import with_recipe

Record = dict[str, Any]

_RECORDED = {"predictions", "train_seconds", "rows_per_second", "peak_bytes"}


@dataclass(frozen=True)
class Method:
    """What is trained, of what a comparison compares.

    Attributes:
        title: as tables show it.
        changes: options of training that it has of its own, such as the loss.
    """

    title: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Training:
    """One training.

    Attributes:
        title: of its method.
        options: what to train.
        split: on which rows.
        key: the fingerprint of all that decides the result.
    """

    title: str
    options: TrainOptions
    split: Split
    key: str

    @property
    def name(self) -> str:
        """As it is shown."""
        return f"{self.split.name}, {self.title}"


def plan_trainings(
    options: TrainOptions, methods: Sequence[Method], splits: Sequence[Split]
) -> list[Training]:
    """Every method on every split, split by split, so that the methods advance together.

    The weights of the last epoch are taken, so that no row that is evaluated chooses anything.

    Args:
        options: of all trainings, but for what a method changes, and the seed.
        methods: what to train.
        splits: on which rows.
    """
    ground = {
        "code": code_sha256(),
        "mlx": version("mlx"),
        "bertplay": bertplay.__version__,
    }
    backbones: dict[str, str] = {}
    trainings = []
    for split in splits:
        for method in methods:
            of_run = replace(
                options,
                **method.changes,
                seed=split.seed,
                keep="last",
                calibration="none",
                optimise=None,
                target_accuracy=0.0,
                coverage=0.0,
                report=False,
            )
            of_run = with_recipe(of_run, split.table.task.name)
            backbone = of_run.backbone
            if backbone not in backbones:
                backbones[backbone] = folder_sha256(backbone) or backbone
            settings = {
                "options": training_settings(of_run),
                "data": split.fingerprint(),
                "backbone": backbones[backbone],
                **ground,
            }
            text = json.dumps(settings, sort_keys=True, default=str)
            key = hashlib.sha256(text.encode()).hexdigest()[:32]
            trainings.append(Training(method.title, of_run, split, key))
    return trainings


def run_trainings(
    trainings: Sequence[Training], cache: Path, jobs: int, view: SilentTrainings
) -> dict[str, Record]:
    """Run what is not in the cache; each result is in it as soon as its training ends.

    What frozen layers make of texts is kept while this runs, for the trainings with the same
    encoder and texts.

    Args:
        trainings: what to run.
        cache: folder of one JSON file a training, named by its key.
        jobs: processes at once.
        view: is told of each training.

    Returns:
        Key to result: `predictions` (`log_probabilities`, `labels`, `classes`), `train_seconds`,
        `rows_per_second` and `peak_bytes`.

    Raises:
        TrainingFailedError: a training failed.
        TrainingInterruptedError: Ctrl-C; what was finished is kept.
    """
    from bertplay.training import TrainingInterruptedError

    stored = {training.key: _stored(cache / f"{training.key}.json") for training in trainings}
    missing = [training for training in trainings if stored[training.key] is None]
    done, total = len(trainings) - len(missing), len(trainings)
    view.began(done, total)
    try:
        with tempfile.TemporaryDirectory(prefix="bertplay-features-") as features:
            # Several processes cannot tell this one how far they are.
            train = partial(_train, features=Path(features), view=view if jobs == 1 else None)
            for training, record in finished(train, missing, jobs):
                write_json(cache / f"{training.key}.json", record)
                stored[training.key] = record
                done += 1
                view.ended(training.name)
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
    return record if isinstance(record, dict) and record.keys() >= _RECORDED else None


def _train(training: Training, *, features: Path, view: SilentTrainings | None) -> Record:
    import mlx.core as mx

    watcher = None
    if view is not None:
        watcher = ShareOfSteps(lambda share: view.advanced(training.name, share))
    with tempfile.TemporaryDirectory(prefix="bertplay-compare-") as name:
        output = Path(name) / "run"
        summary = bertplay.train(
            replace(training.options, output=str(output)),
            watcher,
            table=training.split.table,
            shared_features=features,
        )
        test = output / TEST_PREDICTIONS
        rows = read_predictions(test if test.exists() else output / PREDICTIONS)
    mx.clear_cache()
    predictions = {
        "log_probabilities": rows.log_probabilities.tolist(),
        "labels": rows.labels.tolist(),
        "classes": list(rows.classes),
    }
    return {
        "method": training.title,
        "seed": training.options.seed,
        "predictions": predictions,
        "train_seconds": summary["train_seconds"],
        "rows_per_second": summary["rows_per_second"],
        "peak_bytes": summary["memory"]["peak_active_bytes"],
    }
