"""Stratified folds of a table, and the trainings on them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from stored_runs import Record
from titanic_baselines import CLASSES, Rows

import bertplay
from bertplay import InputError, TrainOptions
from bertplay.comparison.several_at_once import finished

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of the rows.

    Attributes:
        seed: of the division.
        number: counted from 1.
        train: rows to learn from.
        held_out: rows to evaluate on.
    """

    seed: int
    number: int
    train: Rows
    held_out: Rows


@dataclass(frozen=True, eq=False)
class Training:
    """One run of one loss on one fold.

    Attributes:
        method: the loss, as the table names it.
        options: what to train, without the tables.
        fold: the rows.
        settings: all that decides the result, ready for JSON.
    """

    method: str
    options: TrainOptions
    fold: Fold
    settings: Mapping[str, Any]


def stratified_folds(labels: np.ndarray[Any, Any], count: int, seeds: Sequence[int]) -> list[Fold]:
    """All folds of all seeds.

    Raises:
        InputError: a class has fewer rows than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    rarest = int(np.bincount(labels, minlength=len(CLASSES)).min())
    if not 2 <= count <= rarest:
        raise InputError(
            f"--folds {count}: 2 to {rarest} are possible, as the rarer class has {rarest} rows"
        )
    return [
        Fold(seed, number, train, held_out)
        for seed in seeds
        for number, (train, held_out) in enumerate(
            StratifiedKFold(count, shuffle=True, random_state=seed).split(labels, labels), start=1
        )
    ]


def train_all(
    trainings: Sequence[Training], frame: pd.DataFrame, jobs: int
) -> Iterator[tuple[Training, Record]]:
    """The results as they come: here one after another, or of several processes at once."""
    return finished(partial(_result, frame), trainings, jobs)


def _result(frame: pd.DataFrame, training: Training) -> Record:
    return train_fold(training.options, frame, training.fold)


def train_fold(options: TrainOptions, frame: pd.DataFrame, fold: Fold) -> Record:
    """Train on a fold's rows and evaluate the weights of the last epoch on those held out."""
    import mlx.core as mx

    with tempfile.TemporaryDirectory(prefix="titanic-fold-") as name:
        folder = Path(name)
        write_rows(frame, fold.train, folder / "train.csv")
        write_rows(frame, fold.held_out, folder / "held_out.csv")
        summary = bertplay.train(
            replace(
                options,
                data=str(folder / "train.csv"),
                validation=str(folder / "held_out.csv"),
                output=str(folder / "run"),
                report=False,
            )
        )
    mx.clear_cache()
    return {"validation": summary["validation"], "train_seconds": summary["train_seconds"]}


def write_rows(frame: pd.DataFrame, rows: Rows, path: Path) -> None:
    """Write rows of a table as a CSV that bertplay reads as it reads the table."""
    from bertplay.data.cells import cell_text

    frame.iloc[rows].map(cell_text).to_csv(path, index=False)
