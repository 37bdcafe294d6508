"""The folder of one training run: who may write it, and its files."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.atomic_files import write_atomically, write_json, write_text
from bertplay.data.errors import InputError
from bertplay.decisions.stored_logits import LOGITS_FILE
from bertplay.run_lock import LOCK

CONFIG, METRICS, SUMMARY, PREDICTIONS, TEST_PREDICTIONS, CHECKPOINTS = (
    "config.yaml",
    "metrics.jsonl",
    "summary.json",
    "predictions.csv",
    "test_predictions.csv",
    "checkpoints",
)
_RESULTS = (
    METRICS,
    SUMMARY,
    PREDICTIONS,
    TEST_PREDICTIONS,
    LOGITS_FILE,
    "report.html",
    "tracking.json",
    "tensorboard",
    "wandb",
    CHECKPOINTS,
    "model",
    "adapter",
)


def choose_output(output: str | None, task: str, loss: str) -> Path:
    """The run directory: the one the user named, or the first free runs/TASK-LOSS[-N]."""
    if output is not None:
        return Path(output).expanduser()
    base = Path("runs") / f"{task}-{loss}"
    if not base.exists():
        return base
    return next(
        path
        for number in count(2)
        if not (path := base.with_name(f"{base.name}-{number}")).exists()
    )


def require_writable(folder: Path, *, overwrite: bool) -> None:
    """Check that a run may be written here; nothing is changed yet.

    Raises:
        InputError: the folder holds a run and `overwrite` is off, it holds something else, its
            name or that of a folder above it is taken by a file, or it cannot be written.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        which = "" if existing == folder else f": {existing}"
        raise InputError(f"--output {folder}{which} is a file: name a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise InputError(
            f"--output {folder} cannot be written, you lack the permission for {existing}: "
            f"name another folder"
        )
    if existing != folder or not any(path.name != LOCK for path in folder.iterdir()):
        return
    if _config(folder) is None:
        raise InputError(
            f"--output {folder} holds files that are no run of bertplay: name another folder"
        )
    if not overwrite:
        raise InputError(
            f"--output {folder} already holds a run: name another folder, or replace it with "
            f"--overwrite"
        )


def clear_run(folder: Path) -> None:
    """Remove the results of an earlier run, and only those; its config.yaml marks it as a run."""
    for name in _RESULTS:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def write_config(folder: Path, options: dict[str, Any]) -> None:
    """Write config.yaml, which `bertplay train --config` takes."""
    import yaml

    write_text(folder / CONFIG, yaml.safe_dump(options, sort_keys=False, allow_unicode=True))


def read_config(folder: Path) -> dict[str, Any]:
    """What `write_config` wrote.

    Raises:
        InputError: the folder is no run of bertplay.
    """
    values = _config(folder)
    if values is None:
        raise InputError(
            f"--resume {folder} is no run of bertplay: name the folder that holds its {CONFIG}"
        )
    return values


def append_metrics(folder: Path, record: Mapping[str, Any]) -> None:
    """Add one line to metrics.jsonl."""
    with (folder / METRICS).open("a", encoding="utf-8") as file:
        file.write(_line(record))


def rewrite_metrics(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Make metrics.jsonl hold these lines alone."""
    write_text(folder / METRICS, "".join(map(_line, records)))


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(dict(record), ensure_ascii=False, allow_nan=False) + "\n"


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    """Write summary.json."""
    write_json(folder / SUMMARY, summary)


def write_predictions(
    path: Path,
    ids: Sequence[str],
    classes: Sequence[str],
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int32] | None = None,
) -> None:
    """Write a CSV: id, label where it is known, predicted, confidence, one column a class.

    Args:
        path: the file.
        ids: N row names.
        classes: C class names, the headings of the probabilities.
        probabilities: `[N, C]`.
        labels: `[N]` class numbers, or None where they are not known.
    """
    known = [] if labels is None else ["label"]

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *known, "predicted", "confidence", *classes])
            for row, (name, shares) in enumerate(zip(ids, probabilities, strict=True)):
                best = int(shares.argmax())
                label = [] if labels is None else [classes[labels[row]]]
                figures = [f"{share:.6f}" for share in (shares[best], *shares)]
                writer.writerow([name, *label, classes[best], *figures])

    write_atomically(path, write)


def _config(folder: Path) -> dict[str, Any] | None:
    """The config.yaml of a run, which is the first file that it writes; None for other folders."""
    import yaml

    try:
        values = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    if isinstance(values, dict) and {"loss", "backbone", "pooling", "seed"} <= values.keys():
        return values
    return None
