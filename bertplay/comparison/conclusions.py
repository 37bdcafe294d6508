"""What a comparison allows to say, in sentences, and what it recommends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bertplay.comparison.figures import FIGURES, Figure
from bertplay.comparison.paired import Difference, Differences, Scores

_BY_KEY = {figure.key: figure for figure in FIGURES}
# A recommendation needs one figure to judge by: macro-F1 counts every class alike.
_JUDGED_BY = _BY_KEY["macro_f1"]


def sentences(differences: Differences, reference: str, rare: str) -> list[str]:
    """One sentence a method: the differences that were found, and the figures without one.

    The primary figures come first.

    Args:
        differences: as `bertplay.comparison.paired.differences` gives them.
        reference: the method that others are compared to.
        rare: the rare classes, as they are named.
    """
    return [
        f"{method} against {reference}: {_told(of_method, rare, primary=True)}. "
        f"Secondary: {_told(of_method, rare, primary=False)}."
        for method, of_method in differences.items()
    ]


def _told(of_method: Mapping[str, Difference], rare: str, *, primary: bool) -> str:
    figures = [figure for figure in FIGURES if figure.primary is primary]
    found = [_found(figure, of_method[figure.key], rare) for figure in figures]
    told = [
        text for text, figure in zip(found, figures, strict=True) if of_method[figure.key].found
    ]
    silent = [figure.title(rare) for figure in figures if not of_method[figure.key].found]
    parts = [", ".join(told)] if told else []
    if silent:
        parts.append(f"no evidence of a difference in {', '.join(silent)}")
    return "; ".join(parts)


def recommendation(
    scores: Mapping[str, Scores],
    differences: Differences,
    reference: str,
    untrained: Sequence[str],
    rare: str,
) -> str:
    """What to use, judged by macro-F1, and what raises the recall of the rare classes.

    A trained method is recommended over the reference only where it was found to be better; of
    several, the one with the highest mean. A baseline with at least its mean is recommended in its
    place, as it costs nothing.

    Args:
        scores: method to its figures.
        differences: to the reference.
        reference: the method that others are compared to.
        untrained: the methods that are baselines.
        rare: the rare classes, as they are named.
    """
    means = {name: float(np.mean(of[_JUDGED_BY.key])) for name, of in scores.items()}
    better = [name for name, of in differences.items() if of[_JUDGED_BY.key].better(_JUDGED_BY)]
    best = max([reference, *better], key=lambda name: means[name])
    cheap = [name for name in untrained if means[name] >= means[best]]
    if cheap and best not in untrained:
        chosen = max(cheap, key=lambda name: means[name])
        text = (
            f"Use {chosen}, a baseline: its macro-F1 is {means[chosen]:.3f}, that of {best} "
            f"{means[best]:.3f}, and nothing with a higher one was found to be better than "
            f"{reference}."
        )
    elif best == reference:
        text = f"Use {reference}: nothing was found to have a better macro-F1."
    else:
        gain = _found(_JUDGED_BY, differences[best][_JUDGED_BY.key], rare)
        text = f"Use {best}: it {gain} against {reference}{_costs(differences[best], rare)}."
        others = [name for name in better if name != best]
        if others:
            text += (
                f" {_joined(others)} {'was' if len(others) == 1 else 'were'} found to be better "
                f"than {reference} as well; {best} has the highest mean, and no test compares them."
            )
    return f"{text} {_for_rare_classes(differences, reference, rare)}"


def _for_rare_classes(differences: Differences, reference: str, rare: str) -> str:
    figure = _BY_KEY["rare_recall"]
    raising = [name for name, of in differences.items() if of[figure.key].better(figure)]
    if not raising:
        return f"Nothing was found to raise the recall of {rare} above that of {reference}."
    raising.sort(key=lambda name: -differences[name][figure.key].interval.mean)
    most = raising[0]
    gain = _found(figure, differences[most][figure.key], rare)
    costs = _costs(differences[most], rare)
    text = f"If the recall of {rare} is what counts, {most} {gain}{costs}"
    free = next((name for name in raising if not _costs(differences[name], rare)), most)
    if free != most:
        size = amount(figure, differences[free][figure.key])
        text += f"; {free} raises it by {size}, and nothing was found to become worse by it"
    return f"{text}."


def _costs(of_method: Mapping[str, Difference], rare: str) -> str:
    worse = [
        _found(_BY_KEY[key], difference, rare)
        for key, difference in of_method.items()
        if difference.worse(_BY_KEY[key])
    ]
    return f", but it {' and '.join(worse)}" if worse else ""


def _joined(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


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
