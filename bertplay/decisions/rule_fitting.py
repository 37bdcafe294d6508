"""A decision rule that suits an aim, fitted on rows that the network was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.aim import Aim
from bertplay.decisions.calibrations import Probabilities
from bertplay.decisions.rules import DecisionRule, LeastCost, Likeliest, WeightedClasses
from bertplay.decisions.weight_search import (
    balanced_accuracy,
    best_weights,
    macro_f1,
    recall_weights,
)
from bertplay.metrics import evaluate

Costs = NDArray[np.float64]


def fit_rule(
    aim: Aim,
    costs: Costs | None,
    probabilities: Probabilities,
    labels: NDArray[np.int64],
    classes: Sequence[str],
) -> DecisionRule:
    """The rule that is best at something on the rows.

    Costs need no fit: the least expected cost follows from the probabilities (Elkan, The
    foundations of cost-sensitive learning, 2001), which must be calibrated for that.

    Args:
        aim: what to be best at; where it is a recall, its class is named.
        costs: `[C, C]`, where the aim is a cost.
        probabilities: `[N, C]`.
        labels: `[N]`, positions in `classes`.
        classes: C names.
    """
    if aim.name == "cost":
        assert costs is not None
        return LeastCost(tuple(tuple(row) for row in costs.tolist()))
    if aim.name == "recall@precision":
        assert aim.of_class is not None
        c = classes.index(aim.of_class)
        found = recall_weights(probabilities, labels, c, aim.precision)
        if found is None:
            return Likeliest(
                f"no threshold gives {aim.of_class!r} a precision of "
                f"{aim.precision:g} on the validation rows"
            )
        return WeightedClasses(aim.text, tuple(found.tolist()))
    score = macro_f1 if aim.name == "macro_f1" else balanced_accuracy
    return WeightedClasses(aim.text, tuple(best_weights(probabilities, labels, score).tolist()))


def rule_figures(
    aim: Aim,
    costs: Costs | None,
    decided: NDArray[np.int64],
    labels: NDArray[np.int64],
    classes: Sequence[str],
) -> dict[str, float | None]:
    """What classes that were given to rows are worth.

    Args:
        aim: what the rule is best at.
        costs: `[C, C]`, where the aim is a cost.
        decided: `[N]` positions in `classes`.
        labels: `[N]`, likewise.
        classes: C names.

    Returns:
        `accuracy`, `balanced_accuracy` and `macro_f1`; of a recall also `recall` and `precision`
        of the class, and of costs `cost`, the mean of a row. None where a figure is 0/0.
    """
    metrics = evaluate(np.eye(len(classes))[decided], labels, classes)
    figures: dict[str, float | None] = {
        "accuracy": metrics.accuracy,
        "balanced_accuracy": metrics.balanced_accuracy,
        "macro_f1": metrics.macro_f1,
    }
    if aim.of_class is not None:
        of_class = metrics.per_class[aim.of_class]
        figures |= {"recall": of_class["recall"], "precision": of_class["precision"]}
    if costs is not None:
        figures["cost"] = float(costs[labels, decided].mean())
    return figures


def main_figure(aim: Aim) -> str:
    """Which of the figures the rule is best at."""
    return "recall" if aim.name == "recall@precision" else aim.name
