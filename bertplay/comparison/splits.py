"""The splits that all methods of a comparison are trained on: one of each seed, or of each fold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bertplay.data.errors import InputError
from bertplay.options import TrainOptions
from bertplay.training_data import (
    TrainingData,
    UnsplitData,
    has_fixed_split,
    load_training_data,
    load_unsplit_data,
)

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """A table divided once.

    Attributes:
        name: as it is shown.
        seed: of the trainings on it.
        table: its parts.
    """

    name: str
    seed: int
    table: TrainingData

    def fingerprint(self) -> list[str]:
        """What the parts hold: the tables, and which of their rows."""
        parts = [self.table.train, self.table.validation]
        ids = (hashlib.sha256("\0".join(part.ids).encode()).hexdigest() for part in parts)
        return [*(part.sha256 for part in parts), *ids]


def splits_of_seeds(options: TrainOptions, seeds: int) -> list[Split]:
    """The split of each seed from 0 on; all are the same where the table has a fixed one.

    Raises:
        InputError: there are fewer than two, or the table cannot be read or split.
    """
    if seeds < 2:
        raise InputError(f"--seeds {seeds}: a test needs two seeds at least")
    return [
        Split(f"seed {seed}", seed, load_training_data(replace(options, seed=seed)))
        for seed in range(seeds)
    ]


def splits_of_folds(options: TrainOptions, folds: int, repeats: int) -> list[Split]:
    """Repeated stratified cross-validation: each row is held out once in each repeat.

    Args:
        options: which table it is.
        folds: K, parts of it, each of which is held out once.
        repeats: R, how often it is divided anew.

    Returns:
        K x R splits, repeat by repeat; the seed of each is its number.

    Raises:
        InputError: there are fewer than two folds or no repeat, a class has fewer rows, or groups,
            than folds, or the table has validation rows of its own.
    """
    if folds < 2:
        raise InputError(f"--folds {folds}: each part is held out once, give 2 at least")
    if repeats < 1:
        raise InputError(f"--repeats {repeats}: it must be at least 1")
    if has_fixed_split(options) or options.validation is not None:
        raise InputError(
            "--folds divides a table into parts, but this one says which rows are held out: leave "
            "out --folds"
        )
    whole = load_unsplit_data(options)
    rows = whole.rows
    return [
        Split(
            f"repeat {number // folds + 1}, fold {number % folds + 1}",
            number,
            TrainingData(rows.select(train), rows.select(held_out), whole.task),
        )
        for number, (train, held_out) in enumerate(_divided(whole, folds, repeats))
    ]


def _divided(whole: UnsplitData, folds: int, repeats: int) -> Iterator[tuple[Rows, Rows]]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    labels = whole.rows.labels
    assert labels is not None
    for number, name in enumerate(whole.rows.classes):
        of_class = labels == number
        count, unit = int(of_class.sum()), "rows"
        if whole.groups is not None:
            count, unit = len(np.unique(whole.groups[of_class])), "groups"
        if count < folds:
            raise InputError(
                f"class {name!r} has {count} {unit}, and --folds {folds} holds out one of it at "
                "least each time: give fewer folds"
            )
    # A divider for each kind, as scikit-learn's plain one does not take groups.
    divider = StratifiedKFold if whole.groups is None else StratifiedGroupKFold
    for repeat in range(repeats):
        parts = divider(folds, shuffle=True, random_state=repeat)
        for train, held_out in parts.split(np.zeros(len(labels)), labels, whole.groups):
            if len(np.unique(labels[held_out])) < len(whole.rows.classes):
                raise InputError(
                    f"--folds {folds}: no division of the groups puts every class into every part; "
                    "give fewer folds, or leave out --group"
                )
            yield train, held_out
