"""Hold out a part of the rows for validation, with the same share of every class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bertplay.data.errors import InputError

_GROUP_ORDERS_TRIED = 20

Rows = NDArray[np.int64]


def stratified_split(
    labels: ArrayLike,
    fraction: float,
    seed: int,
    groups: ArrayLike | None = None,
    *,
    classes: Sequence[str] | None = None,
) -> tuple[Rows, Rows]:
    """Split rows into a training and a validation part, class by class.

    Every class is in both parts. Without groups, validation holds `fraction` of each class,
    rounded, but at least one row and not all. With groups, rows of one group stay together and the
    shares come as near as the groups allow.

    Args:
        labels: [N] class numbers.
        fraction: the share of the rows to validate on, between 0 and 1.
        seed: the same seed gives the same split.
        groups: [N] one value a row; equal values stay on one side.
        classes: class names, for messages.

    Returns:
        The row numbers of the training and of the validation part, ascending.

    Raises:
        InputError: a class has a single row, or lies within a single group, or no division of the
            groups puts every class on both sides.
    """
    labels = np.asarray(labels)
    rng = np.random.default_rng(seed)
    if groups is None:
        held_out = _hold_out_rows(labels, fraction, rng, classes)
    else:
        held_out = _hold_out_groups(labels, fraction, rng, np.asarray(groups), classes)
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _hold_out_rows(
    labels: NDArray[np.generic],
    fraction: float,
    rng: np.random.Generator,
    classes: Sequence[str] | None,
) -> NDArray[np.bool_]:
    held_out = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < 2:
            raise InputError(
                f"class {_class_text(label, classes)} has a single row: it cannot be both "
                f"trained on and validated; add rows or remove the class"
            )
        size = min(max(int(fraction * len(rows) + 0.5), 1), len(rows) - 1)
        held_out[rng.permutation(rows)[:size]] = True
    return held_out


def _hold_out_groups(
    labels: NDArray[np.generic],
    fraction: float,
    rng: np.random.Generator,
    groups: NDArray[np.generic],
    classes: Sequence[str] | None,
) -> NDArray[np.bool_]:
    names, label_index = np.unique(labels, return_inverse=True)
    distinct, group_index = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(distinct), len(names)))
    np.add.at(counts, (group_index, label_index), 1)
    for index, label in enumerate(names):
        if np.count_nonzero(counts[:, index]) < 2:
            raise InputError(
                f"class {_class_text(label, classes)} lies within a single group: it cannot be on "
                f"both sides of the split; give --validation, or leave out --group"
            )
    # Shares, so that a rare class counts as much as a frequent one.
    shares = counts / counts.sum(axis=0)
    for _ in range(_GROUP_ORDERS_TRIED):
        chosen = _choose_groups(shares, fraction, rng.permutation(len(distinct)))
        held = counts[chosen].sum(axis=0)
        if (held > 0).all() and (held < counts.sum(axis=0)).all():
            return chosen[group_index]
    raise InputError(
        f"no division of the {len(distinct)} groups puts every class into training and validation; "
        f"give --validation, or leave out --group"
    )


def _choose_groups(
    shares: NDArray[np.float64], fraction: float, order: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Take each group in turn if that brings the held-out shares nearer to the fraction."""
    chosen = np.zeros(len(shares), dtype=bool)
    missing = np.full(shares.shape[1], fraction)
    for group in order:
        after = missing - shares[group]
        if after @ after < missing @ missing:
            chosen[group] = True
            missing = after
    return chosen


def _class_text(label: object, classes: Sequence[str] | None) -> str:
    return repr(classes[int(str(label))]) if classes is not None else str(label)
