"""What a classifier said of rows that it was not trained on, as a run directory has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bertplay.calibration import fit_temperature
from bertplay.decisions.cross_fitting import stratified_folds

RARE_CLASSES = 3

# Half of the last digit that a run directory has: what is smaller stands there as 0.
SMALLEST = 5e-7


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a classifier said of N rows.

    Attributes:
        log_probabilities: `[N, C]`.
        labels: `[N]`, positions in `classes`.
        classes: the C names.
    """

    log_probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def probabilities(self, temperatures: NDArray[np.float64] | float = 1.0) -> NDArray[np.float64]:
        """`softmax(z / T)`, `[N, C]`, for logarithms z and T of each row, `[N]`, or of all."""
        logits = self.log_probabilities / np.reshape(temperatures, (-1, 1))
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
        return shares


def read_predictions(path: Path) -> Predictions:
    """Read predictions.csv or test_predictions.csv."""
    import pandas as pd

    frame = pd.read_csv(path, dtype={"label": str}, keep_default_na=False)
    classes = tuple(frame.columns[list(frame.columns).index("confidence") + 1 :])
    shares = frame[list(classes)].to_numpy(dtype=np.float64)
    labels = np.array([classes.index(label) for label in frame["label"]])
    return Predictions(np.log(np.maximum(shares, SMALLEST)), labels, classes)


def rare_classes(class_counts: Mapping[str, int]) -> list[str]:
    """The three rarest classes of the training rows; the rarer one where there are only two."""
    count = RARE_CLASSES if len(class_counts) > RARE_CLASSES else 1
    return sorted(class_counts, key=lambda name: class_counts[name])[:count]


def named_rare_classes(class_counts: Mapping[str, int]) -> str:
    """Their names, as sentences have them."""
    *most, last = rare_classes(class_counts)
    return f"{', '.join(most)} and {last}" if most else last


def cross_fitted_temperatures(rows: Predictions) -> NDArray[np.float64]:
    """For each row the temperature of the half that it is not in; halves have equal shares."""
    half = stratified_folds(rows.labels, 2)
    fitted = [
        fit_temperature(rows.log_probabilities[half != number], rows.labels[half != number])
        for number in (0, 1)
    ]
    return np.array(fitted)[half]
