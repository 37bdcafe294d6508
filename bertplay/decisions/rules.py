"""Decision rules: which class a row is given, from its probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.calibrations import Probabilities, finite_numbers

Labels = NDArray[np.int64]

LIKELIEST = "likeliest"


class DecisionRule(Protocol):
    """A function from probabilities to classes."""

    @property
    def name(self) -> str:
        """What it is best at, as the user gives it; "likeliest" for none."""

    def labels(self, probabilities: Probabilities) -> Labels:
        """`[N]` positions of classes, of probabilities `[N, C]`."""

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; `rule_from` reads it."""


@dataclass(frozen=True)
class Likeliest:
    """The likeliest class, which makes the fewest mistakes where probabilities are right.

    Attributes:
        reason: why it stays so although another rule was asked for; empty where none was.
    """

    reason: str = ""
    name: str = LIKELIEST

    def labels(self, probabilities: Probabilities) -> Labels:
        """`argmax_c p_c`."""
        labels: Labels = probabilities.argmax(axis=1)
        return labels

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"name": self.name, **({"reason": self.reason} if self.reason else {})}


@dataclass(frozen=True)
class WeightedClasses:
    """The class with the largest `w_c p_c`; with two classes, the second where `p_1 > w_0`.

    Attributes:
        name: what the weights are best at.
        weights: w, C numbers above 0 that sum to 1.
    """

    name: str
    weights: tuple[float, ...]

    def labels(self, probabilities: Probabilities) -> Labels:
        """`argmax_c w_c p_c`."""
        labels: Labels = (probabilities * self.weights).argmax(axis=1)
        return labels

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"name": self.name, "weights": list(self.weights)}


@dataclass(frozen=True)
class LeastCost:
    """The class whose expected cost is least: `argmin_j sum_i p_i cost_ij` (Elkan 2001).

    Attributes:
        costs: of a row of the true class i that is given the class j, `[C][C]`.
    """

    costs: tuple[tuple[float, ...], ...]
    name: str = "cost"

    def labels(self, probabilities: Probabilities) -> Labels:
        """`argmin_j sum_i p_i cost_ij`."""
        labels: Labels = (probabilities @ np.array(self.costs)).argmin(axis=1)
        return labels

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"name": self.name, "costs": [list(row) for row in self.costs]}


def rule_from(values: Mapping[str, Any], classes: int) -> DecisionRule:
    """What `as_dict` of a rule gave.

    Args:
        values: as they were stored.
        classes: C, of the model.

    Raises:
        ValueError: a number is missing, not finite or out of range, or there are too many.
        KeyError: something is missing.
        TypeError: something is of another type.
    """
    name = str(values["name"])
    if name == LIKELIEST:
        return Likeliest(str(values.get("reason", "")))
    if "costs" in values:
        rows = [finite_numbers("costs", row, classes) for row in values["costs"]]
        if len(rows) != classes:
            raise ValueError(f"costs has {len(rows)} rows, and {classes} are needed")
        return LeastCost(tuple(rows))
    weights = finite_numbers("weights", values["weights"], classes)
    if min(weights) <= 0:
        raise ValueError("weights must be above 0")
    return WeightedClasses(name, weights)
