"""How a comparison was made, in the words that its table and its page use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bertplay.comparison.figures import FIGURES


@dataclass(frozen=True)
class Design:
    """The words.

    Attributes:
        title: what was compared, and how often.
        means: what the figures of a method are.
        pairs: what differences are taken over, and how they are tested.
    """

    title: str
    means: str
    pairs: str


def design_of(facts: Mapping[str, Any]) -> Design:
    """The words of a comparison.

    Args:
        facts: as compare.json has them: with `seeds`, with `folds` and `repeats`, or of finished
            runs with neither.
    """
    methods = f"{facts['task']}: {len(facts['methods'])}"
    tested = f"{facts['test']} test"
    if "folds" in facts:
        times = f"{facts['repeats']} {'repeat' if facts['repeats'] == 1 else 'repeats'}"
        trainings, unit = f"{methods} methods, {facts['folds']} folds, {times}", "fold"
    elif "seeds" in facts:
        trainings, unit = f"{methods} methods, {facts['seeds']} seeds", "seed"
    else:
        return Design(
            f"{methods} runs, {facts['evaluated_rows']:,} rows",
            "figure and 95% bootstrap interval over the rows",
            "Paired by row, with McNemar's exact test for accuracy and the paired bootstrap for "
            "all else",
        )
    return Design(
        trainings, f"mean and 95% interval over the {unit}s", f"Paired by {unit}, with the {tested}"
    )


def families(rare: str) -> str:
    """What Holm's correction takes together.

    Args:
        rare: the rare classes, as they are named.
    """
    primary = " and ".join(figure.title(rare) for figure in FIGURES if figure.primary)
    return f"{primary} are the primary figures, all others secondary ones"
