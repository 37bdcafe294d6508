"""From the scores of every training to what can be said: differences, sentences, advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bertplay.comparison.baselines import BASELINES
from bertplay.comparison.conclusions import recommendation, sentences
from bertplay.comparison.figures import FIGURES
from bertplay.comparison.paired import CORRECTED_T, Difference, differences
from bertplay.comparison.statistics import mean_interval

Facts = dict[str, Any]
"""What compare.json holds."""


def concluded(facts: Mapping[str, Any], reference: str, test: str) -> Facts:
    """The facts of a comparison with everything that follows from the scores.

    Args:
        facts: with each method's `scores`, key of a figure to the value of each training.
        reference: the method that others are compared to.
        test: of `bertplay.comparison.paired.TESTS`.
    """
    scores = {name: of["scores"] for name, of in facts["methods"].items()}
    shared = facts["evaluated_rows"] / facts["train_rows"] if test == CORRECTED_T else 0.0
    compared = differences(scores, reference, test, shared)
    methods = {
        name: {
            **of,
            "figures": {
                figure.key: asdict(mean_interval(scores[name][figure.key], shared=shared))
                for figure in FIGURES
            },
            "differences": as_values(compared.get(name)),
        }
        for name, of in facts["methods"].items()
    }
    untrained = [name for name in scores if name in BASELINES]
    rare = facts["rare"]
    return {
        **facts,
        "reference": reference,
        "test": test,
        "methods": methods,
        "conclusions": sentences(compared, reference, rare),
        "limits": [_LIMITS[test == CORRECTED_T], OF_TESTS],
        "recommendation": recommendation(scores, compared, reference, untrained, rare),
    }


def as_values(of_method: Mapping[str, Difference] | None) -> dict[str, dict[str, Any]] | None:
    """The differences of a method as compare.json has them; None of the reference."""
    if of_method is None:
        return None
    return {key: difference.as_dict() for key, difference in of_method.items()}


_LIMITS = {
    False: "All trainings share one table: intervals and tests speak of the noise of training on "
    "it, and of splitting it where each training has a split of its own, not of other tables.",
    True: "The splits of one table overlap; intervals and tests allow for it, and speak of tables "
    "as large as its training part from the same source.",
}

OF_TESTS = (
    "No evidence of a difference is not evidence that there is none. Intervals are for one "
    "difference at a time; only p is corrected, by Holm's method: the primary figures of all "
    "methods together, and the secondary ones of all methods together."
)
