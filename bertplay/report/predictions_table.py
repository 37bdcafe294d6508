"""A table of predictions, of whatever model, as rows to report on."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bertplay.data.cells import cell_text, is_missing
from bertplay.data.errors import InputError
from bertplay.data.table import read_table, require_column
from bertplay.data.wording import listed
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.prediction import softmax

if TYPE_CHECKING:
    import pandas as pd

# What a table of predictions may have beside a column for each class.
_NO_CLASSES = ("id", "text", "label", "predicted", "confidence")
_SUM_TOLERANCE = 0.01


def read_predictions(
    path: str | PathLike[str], slices: Sequence[str] = (), *, logits: bool = False
) -> PredictedRows:
    """Read a table with the column `label` and a column of probabilities for each class.

    The columns `id` and `text` are shown where there are any; `predicted` and `confidence` follow
    from the probabilities and are not read.

    Args:
        path: CSV, TSV, JSONL or Parquet.
        slices: columns to group the rows by, which are no classes.
        logits: the columns hold logits, whose softmax is taken.

    Raises:
        InputError: it cannot be read, it has no label or no class, a label is no class, or the
            probabilities of a row are no numbers that sum to 1.
    """
    frame = read_table(path)
    require_column(frame, "label", path=path, option="--predictions")
    for name in slices:
        require_column(frame, name, path=path, option="--slice")
    others = {*_NO_CLASSES, *slices}
    classes = [str(name) for name in frame.columns if str(name) not in others]
    if len(classes) < 2:
        raise InputError(
            f"{path}: a column of probabilities is needed for each of at least two classes; beside "
            f"{listed(_NO_CLASSES)} there is {listed(classes) if classes else 'none'}"
        )
    numbers = {name: number for number, name in enumerate(classes)}
    labels = []
    for place, value in frame["label"].items():
        name = "" if is_missing(value) else cell_text(value).strip()
        if name not in numbers:
            raise InputError(
                f"{path}, {frame.index.name} {place}: label {name!r} has no column of "
                f"probabilities; there are {listed(classes)}"
            )
        labels.append(numbers[name])
    return PredictedRows(
        _texts(frame, "id") or [str(row) for row in range(1, len(frame) + 1)],
        _texts(frame, "text") or [""] * len(frame),
        np.array(labels),
        _probabilities(frame, classes, path, logits=logits),
        classes,
        {name: frame[name].tolist() for name in slices},
    )


def _texts(frame: pd.DataFrame, name: str) -> Sequence[str]:
    if name not in frame.columns:
        return ()
    return ["" if is_missing(value) else cell_text(value) for value in frame[name]]


def _probabilities(
    frame: pd.DataFrame, classes: Sequence[str], path: str | PathLike[str], *, logits: bool
) -> npt.NDArray[np.float64]:
    shares = np.array([[_number(value) for value in frame[name]] for name in classes]).T
    for row, column in np.argwhere(~np.isfinite(shares)):
        name = classes[column]
        raise InputError(
            f"{path}, {frame.index.name} {frame.index[row]}: column {name!r} holds "
            f"{frame[name].iloc[row]!r}, which is no {'logit' if logits else 'probability'}; "
            "name a column to group rows by with --slice, and leave out others"
        )
    if logits:
        return softmax(shares)
    sums = shares.sum(axis=1)
    wrong = np.flatnonzero((shares < 0).any(axis=1) | (np.abs(sums - 1) > _SUM_TOLERANCE))
    if wrong.size:
        place = frame.index[wrong[0]]
        raise InputError(
            f"{path}, {frame.index.name} {place}: the probabilities must be at least 0 and sum to "
            f"1, but sum to {sums[wrong[0]]:.4g}; logits are taken with --logits"
        )
    normalised: npt.NDArray[np.float64] = shares / sums[:, None]
    return normalised


def _number(value: object) -> float:
    """A number, or NaN for what is none."""
    try:
        return float(str(value))
    except ValueError:
        return float("nan")
