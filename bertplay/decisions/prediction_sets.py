"""Prediction sets: all classes that a row may well have, with a stated coverage of each class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.calibrations import finite_numbers
from bertplay.decisions.labelled_logits import LabelledLogits
from bertplay.prediction import softmax


@dataclass(frozen=True)
class PredictionSets:
    """A class is in a row's set where its probability reaches the threshold of the class.

    Attributes:
        coverage: share of each class's rows whose set is to hold the class.
        thresholds: C numbers from 0, with which a class is in every set, to 1.
    """

    coverage: float
    thresholds: tuple[float, ...]

    def members(self, logits: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """`[N, C]` whether each class is in a row's set, of logits `[N, C]`.

        The probabilities are the network's own: a calibration fitted on the same rows would see
        what the coverage is promised for.
        """
        members: NDArray[np.bool_] = softmax(logits) >= np.array(self.thresholds)
        return members

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; `sets_from` reads it."""
        return {"coverage": self.coverage, "thresholds": list(self.thresholds)}


def sets_from(values: Mapping[str, Any], classes: int) -> PredictionSets:
    """What `PredictionSets.as_dict` gave.

    Args:
        values: as they were stored.
        classes: C, of the model.

    Raises:
        ValueError: a number is missing, not finite or out of range, or there are too many.
        KeyError: something is missing.
        TypeError: something is no number.
    """
    (coverage,) = finite_numbers("coverage", [values["coverage"]])
    thresholds = finite_numbers("thresholds", values["thresholds"], classes)
    if not 0 < coverage < 1 or min(thresholds) < 0 or max(thresholds) > 1:
        raise ValueError("coverage and thresholds must lie between 0 and 1")
    return PredictionSets(coverage, thresholds)


def fit_sets(rows: LabelledLogits, coverage: float) -> PredictionSets:
    """Split conformal prediction, for each class alone.

    Of a class with n rows the threshold is the k-th largest probability that they have of it, for
    `k = ceil((n + 1) coverage)`. A new row of the class, drawn as they were, is then missed in at
    most `1 - coverage` of all cases, whatever the network is like; and not much less often, which
    keeps the sets small. Where k is more than n, the rows are too few for the promise, and the
    class is in every set. As it holds for each class, no rare one pays for the others.

    Args:
        rows: that the network was not trained on.
        coverage: of each class, above 0 and below 1.

    Reference:
        Sadinle, Lei and Wasserman, Least ambiguous set-valued classifiers with bounded error
        levels, JASA 2019; Vovk, Conditional validity of inductive conformal predictors, 2012.
    """
    shares = softmax(rows.logits)
    thresholds = []
    for c in range(len(rows.classes)):
        own = np.sort(shares[rows.labels == c, c])[::-1]
        # Without the small number, rounding would ask for a row more.
        k = math.ceil((len(own) + 1) * coverage - 1e-9)
        thresholds.append(float(own[k - 1]) if k <= len(own) else 0.0)
    return PredictionSets(coverage, tuple(thresholds))


def sets_figures(
    sets: NDArray[np.bool_], labels: NDArray[np.integer[Any]], classes: Sequence[str]
) -> dict[str, Any]:
    """What the sets of rows are worth.

    Args:
        sets: `[N, C]` whether each class is in a row's set.
        labels: `[N]`, positions in `classes`.
        classes: C names.

    Returns:
        `coverage`, the share of rows whose set holds their label; `per_class`, of each class, None
        where it has no row; `mean_size`, of the sets; `single`, the share of them with one class.
    """
    covered = sets[np.arange(len(labels)), labels]
    sizes = sets.sum(axis=1)
    of_classes = {
        name: float(covered[labels == c].mean()) if (labels == c).any() else None
        for c, name in enumerate(classes)
    }
    return {
        "coverage": float(covered.mean()),
        "per_class": of_classes,
        "mean_size": float(sizes.mean()),
        "single": float((sizes == 1).mean()),
    }
