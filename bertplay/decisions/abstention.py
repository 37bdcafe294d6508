"""Abstention: rows of too little confidence are left to somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.calibrations import finite_numbers


@dataclass(frozen=True)
class Abstention:
    """A row is answered where the probability of its label reaches a threshold.

    Attributes:
        target_accuracy: share of the answered rows that was to be right.
        threshold: from 0, which answers every row, to 1.
        reason: why every row is answered although the target is missed; else empty.
    """

    target_accuracy: float
    threshold: float
    reason: str = ""

    def answered(self, confidence: NDArray[np.float64]) -> NDArray[np.bool_]:
        """`[N]` whether rows are answered."""
        answered: NDArray[np.bool_] = confidence >= self.threshold
        return answered

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; `abstention_from` reads it."""
        reason = {"reason": self.reason} if self.reason else {}
        return {"target_accuracy": self.target_accuracy, "threshold": self.threshold, **reason}


def abstention_from(values: Mapping[str, Any]) -> Abstention:
    """What `Abstention.as_dict` gave.

    Raises:
        ValueError: a number is not finite or out of range.
        KeyError: something is missing.
        TypeError: something is no number.
    """
    target, threshold = finite_numbers(
        "abstention", [values["target_accuracy"], values["threshold"]]
    )
    if not 0 < target <= 1 or not 0 <= threshold <= 1:
        raise ValueError("target_accuracy and threshold must lie between 0 and 1")
    return Abstention(target, threshold, str(values.get("reason", "")))


def fit_abstention(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], target_accuracy: float
) -> Abstention:
    """The threshold that answers most rows of those with which enough of the answers are right.

    Args:
        confidence: `[N]`, of rows that the network was not trained on.
        right: `[N]`, whether their labels are right.
        target_accuracy: share of the answered rows that must be right, above 0 and at most 1.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    answered = np.arange(1, len(order) + 1)
    accurate = np.cumsum(right[order]) >= target_accuracy * answered - 1e-9
    # Rows of equal confidence are answered all or none.
    last_of_equals = np.append(sorted_confidence[:-1] > sorted_confidence[1:], True)
    counts = answered[accurate & last_of_equals]
    if not len(counts):
        return Abstention(
            target_accuracy,
            0.0,
            f"no threshold makes {target_accuracy:g} of the answers right on the validation rows",
        )
    count = int(counts[-1])
    if count == len(order):
        return Abstention(target_accuracy, 0.0)
    threshold = (sorted_confidence[count - 1] + sorted_confidence[count]) / 2
    # Between neighbouring doubles there is no middle.
    return Abstention(
        target_accuracy, float(max(threshold, np.nextafter(sorted_confidence[count], 2)))
    )


def abstention_figures(
    answered: NDArray[np.bool_], right: NDArray[np.bool_]
) -> dict[str, float | None]:
    """`coverage`, the share of rows that are answered, and `accuracy`, of them; None without any.

    Args:
        answered: `[N]`.
        right: `[N]`, whether their labels are right.
    """
    accuracy = float(right[answered].mean()) if answered.any() else None
    return {"coverage": float(answered.mean()), "accuracy": accuracy}
