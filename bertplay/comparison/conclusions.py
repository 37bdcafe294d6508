"""What a comparison allows to say, in sentences, and what it recommends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bertplay.comparison.figures import FIGURES, Figure
from bertplay.comparison.paired import Difference, Scores

_BY_KEY = {figure.key: figure for figure in FIGURES}
# A recommendation needs one figure to judge by: macro-F1 counts every class alike.
_JUDGED_BY = _BY_KEY["macro_f1"]


def sentences(
    differences: Mapping[str, Mapping[str, Difference]], reference: str, rare: str
) -> list[str]:
    """One sentence a method: the differences that were found, and the figures without one.

    Args:
        differences: as `bertplay.comparison.paired.differences` gives them.
        reference: the method that others are compared to.
        rare: the rare classes, as they are named.
    """
    lines = []
    for method, of_method in differences.items():
        found = [_found(_BY_KEY[key], d, rare) for key, d in of_method.items() if d.found]
        silent = [_BY_KEY[key].title(rare) for key, d in of_method.items() if not d.found]
        parts = [", ".join(found)] if found else []
        if silent:
            parts.append(f"no evidence of a difference in {', '.join(silent)}")
        lines.append(f"{method} against {reference}: {'; '.join(parts)}.")
    return lines


def recommendation(
    scores: Mapping[str, Scores],
    differences: Mapping[str, Mapping[str, Difference]],
    reference: str,
    untrained: Sequence[str],
    rare: str,
) -> str:
    """What to use, judged by macro-F1, and what raises the recall of the rare classes.

    A method is recommended over the reference only where it was found to be better. Where none
    was, a baseline that is as good on average is recommended, as it costs nothing.

    Args:
        scores: method to its figures.
        differences: to the reference.
        reference: the method that others are compared to.
        untrained: the methods that are baselines.
        rare: the rare classes, as they are named.
    """
    means = {name: float(np.mean(of[_JUDGED_BY.key])) for name, of in scores.items()}
    better = [name for name, of in differences.items() if of[_JUDGED_BY.key].better(_JUDGED_BY)]
    if better:
        best = max(better, key=lambda name: means[name])
        gain = _found(_JUDGED_BY, differences[best][_JUDGED_BY.key], rare)
        text = f"Use {best}: it {gain} against {reference}{_costs(differences[best], rare)}."
    else:
        cheap = [name for name in untrained if means[name] >= means[reference]]
        if reference not in untrained and cheap:
            best = max(cheap, key=lambda name: means[name])
            text = (
                f"Use {best}, a baseline: its macro-F1 is {means[best]:.3f}, that of {reference} "
                f"{means[reference]:.3f}, and nothing was found to be better than {reference}."
            )
        else:
            text = f"Use {reference}: nothing was found to have a better macro-F1."
    return f"{text} {_for_rare_classes(differences, reference, rare)}"


def _for_rare_classes(
    differences: Mapping[str, Mapping[str, Difference]], reference: str, rare: str
) -> str:
    figure = _BY_KEY["rare_recall"]
    raising = [name for name, of in differences.items() if of[figure.key].better(figure)]
    if not raising:
        return f"Nothing was found to raise the recall of {rare} above that of {reference}."
    most = max(raising, key=lambda name: differences[name][figure.key].interval.mean)
    gain = _found(figure, differences[most][figure.key], rare)
    costs = _costs(differences[most], rare)
    return f"If the recall of {rare} is what counts, {most} {gain}{costs}."


def _costs(of_method: Mapping[str, Difference], rare: str) -> str:
    worse = [
        _found(_BY_KEY[key], difference, rare)
        for key, difference in of_method.items()
        if difference.worse(_BY_KEY[key])
    ]
    return f", but it {' and '.join(worse)}" if worse else ""


def _found(figure: Figure, difference: Difference, rare: str) -> str:
    verb = "raises" if difference.interval.mean > 0 else "lowers"
    return f"{verb} {figure.title(rare)} by {amount(figure, difference)}"


def amount(figure: Figure, difference: Difference) -> str:
    """The size of a difference and its interval, signs alike: `2.1 points [0.3, 3.9]`."""
    interval = difference.interval
    sign = -1 if interval.mean < 0 else 1
    scale, digits, unit = (100, 1, " points") if figure.share else (1, 3, "")
    mean = f"{abs(interval.mean) * scale:.{digits}f}{unit}"
    if interval.low is None or interval.high is None:
        return mean
    low, high = sorted((sign * interval.low, sign * interval.high))
    return f"{mean} [{low * scale:.{digits}f}, {high * scale:.{digits}f}]"
