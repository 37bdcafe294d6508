"""`compare_runs`: finished runs on the rows that all of them were evaluated on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bertplay.comparison.concluded import OF_TESTS, Facts, as_values
from bertplay.comparison.conclusions import recommendation, sentences
from bertplay.comparison.finished import written
from bertplay.comparison.held_out import Predictions, named_rare_classes, read_predictions
from bertplay.comparison.paired_rows import paired_rows
from bertplay.data.errors import InputError
from bertplay.report import RunFiles, read_run_files
from bertplay.run_directory import PREDICTIONS, TEST_PREDICTIONS


@dataclass(frozen=True, eq=False)
class EvaluatedRun:
    """A finished run and what it said of the rows that it was evaluated on.

    Attributes:
        name: as the user named it.
        files: what it has written.
        ids: N row names.
        rows: what it said of them.
    """

    name: str
    files: RunFiles
    ids: tuple[str, ...]
    rows: Predictions


def compare_runs(folders: Sequence[str], reference: str | None, output: Path) -> Facts:
    """Compare finished runs row by row, and write compare.json, .md and .html.

    The rows are those of the test part where every run has one, else of the validation part.

    Args:
        folders: run directories, two at least.
        reference: the one that others are compared to; None for the first.
        output: the folder of the three files.

    Returns:
        What compare.json holds.

    Raises:
        InputError: a run is named twice, is not finished, or was evaluated on other rows.
    """
    names = [folder.rstrip("/") for folder in folders]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is named twice: name each run once")
    chosen = names[0] if reference is None else reference.rstrip("/")
    if chosen not in names:
        raise InputError(f"--reference {chosen} is none of the runs: name one of them")
    runs = _read(names)
    first = runs[0]
    aligned = {run.name: _on_rows_of(first, run) for run in runs}
    summary = first.files.summary
    counts: Mapping[str, int] = summary["data"]["class_counts"]
    known = paired_rows(aligned, chosen, counts)
    rare = named_rare_classes(counts)
    scores = {
        name: {key: [interval.mean] for key, interval in of.items()}
        for name, of in known.figures.items()
    }
    facts = {
        "task": summary["task"],
        "source": summary["data"]["source"],
        "sha256": summary["data"]["sha256"],
        "backbone": _all_alike([Path(run.files.summary["backbone"]).name for run in runs]),
        "train_rows": summary["data"]["train_rows"],
        "evaluated_rows": len(first.ids),
        "rare": rare,
        "reference": chosen,
        "test": "McNemar and paired bootstrap",
        "methods": {
            run.name: {
                "seconds": run.files.summary["train_seconds"],
                "scores": scores[run.name],
                "figures": {k: asdict(interval) for k, interval in known.figures[run.name].items()},
                "differences": as_values(known.differences.get(run.name)),
            }
            for run in runs
        },
        "conclusions": sentences(known.differences, chosen, rare),
        "limits": [*_limits(runs), OF_TESTS],
        "recommendation": recommendation(scores, known.differences, chosen, (), rare),
    }
    return written(facts, output)


def _read(names: Sequence[str]) -> list[EvaluatedRun]:
    all_files = [read_run_files(Path(name).expanduser()) for name in names]
    for name, files in zip(names, all_files, strict=True):
        if "tasks" in files.summary:
            raise InputError(f"{name} has several tasks: compare runs of one label column")
    tested = all((files.folder / TEST_PREDICTIONS).exists() for files in all_files)
    runs = []
    for name, files in zip(names, all_files, strict=True):
        path = files.folder / (TEST_PREDICTIONS if tested else PREDICTIONS)
        ids, rows = _predictions(path)
        runs.append(EvaluatedRun(name, files, ids, rows))
    return runs


def _predictions(path: Path) -> tuple[tuple[str, ...], Predictions]:
    import pandas as pd

    try:
        ids = pd.read_csv(path, usecols=["id"], dtype=str, keep_default_na=False)["id"]
        return tuple(ids), read_predictions(path)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _on_rows_of(first: EvaluatedRun, run: EvaluatedRun) -> Predictions:
    """What a run said of the rows of the first one, in their order.

    Raises:
        InputError: it was evaluated on other rows, or with other classes or labels.
    """
    both = f"{first.name} and {run.name}"
    if set(first.rows.classes) != set(run.rows.classes):
        raise InputError(f"{both} have different classes: compare runs with the same ones")
    common = set(first.ids) & set(run.ids)
    if len(common) < max(len(first.ids), len(run.ids)):
        raise InputError(
            f"{both} were evaluated on different rows, {len(common):,} of {len(first.ids):,} are "
            "the same: compare runs with the same table, split and seed"
        )
    place = {name: row for row, name in enumerate(run.ids)}
    order = np.array([place[name] for name in first.ids])
    columns = [run.rows.classes.index(name) for name in first.rows.classes]
    new_number = np.argsort(columns)
    rows = Predictions(
        run.rows.log_probabilities[order][:, columns],
        new_number[run.rows.labels[order]],
        first.rows.classes,
    )
    if (rows.labels != first.rows.labels).any():
        raise InputError(
            f"{both} have different labels for the same rows: compare runs with the same table"
        )
    if _table(first) != _table(run) and _texts(first) != _texts(run):
        raise InputError(
            f"{both} were evaluated on rows with the same ids and different texts: compare runs "
            "with the same table"
        )
    return rows


def _table(run: EvaluatedRun) -> Any:
    """The fingerprint of the table that holds the evaluated rows."""
    return run.files.config.get("recorded", {}).get("validation_sha256")


def _texts(run: EvaluatedRun) -> dict[str, str]:
    """Row name to text of the rows that a run was evaluated on, from its table."""
    from bertplay.report import validation_rows

    rows = validation_rows(run.files)[""]
    return dict(zip(rows.ids, rows.texts, strict=True))


def _all_alike(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _limits(runs: Sequence[EvaluatedRun]) -> list[str]:
    """What the intervals and tests do not speak of."""
    limits = [
        "Each run is one training: intervals and tests speak of other rows from the same source "
        "for these very models, not of what another seed would give."
    ]
    chosen_by_rows = [run.name for run in runs if run.files.config.get("keep") != "last"]
    if chosen_by_rows and not (runs[0].files.folder / TEST_PREDICTIONS).exists():
        limits.append(
            f"The rows have chosen the best epoch of {_all_alike(chosen_by_rows)} as well, so "
            "that its figures flatter it."
        )
    return limits
