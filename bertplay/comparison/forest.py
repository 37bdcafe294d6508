"""The paired differences of one figure, a line for each method, as a forest plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.comparison.figures import Figure
from bertplay.comparison.paired import stored_difference
from bertplay.report import palette
from bertplay.report.svg import Drawing, axes_of, drawing

_ROW, _MARGINS = 0.48, 0.72


def forest_plot(
    figure: Figure, methods: Mapping[str, Mapping[str, Any]], reference: str, rare: str
) -> Drawing:
    """Mean differences to the reference with their 95% intervals; filled where one was found.

    Drawn within `bertplay.report.svg.drawing_style`.

    Args:
        figure: whose differences.
        methods: method to its `differences`, as compare.json has them.
        reference: the method that they are differences to.
        rare: the rare classes, as they are named.
    """
    title = figure.title(rare)
    scale, unit = (100, "points") if figure.share else (1, "nats")
    canvas, axes = axes_of(_MARGINS + _ROW * len(methods), left=0.2, right=0.2)
    found = []
    for line, (name, of_method) in enumerate(methods.items()):
        values = of_method[figure.key]
        low, mean, high = (values[key] * scale for key in ("low", "mean", "high"))
        is_found = stored_difference(values).found
        colour = palette.FIRST if is_found else palette.QUIET
        # The line of no difference, interrupted where names stand.
        axes.plot([0, 0], [-line - 0.25, -line + 0.2], color=palette.MUTED, linewidth=1.5)
        axes.plot([low, high], [-line, -line], color=colour)
        axes.plot(
            [mean], [-line], marker="o", color=colour, fillstyle="full" if is_found else "none"
        )
        # Above its line, as names are long and phones are narrow.
        axes.annotate(
            name, (0, -line), (0, 8), xycoords=("axes fraction", "data"), textcoords="offset points"
        )
        found += [f"{name} {mean:+.1f}"] if is_found else []
    axes.set_ylim(-len(methods) + 0.5, 0.9)
    axes.set_yticks([])
    axes.set_xlabel(f"{title} - {reference}'s, {unit}")
    better = "right" if figure.higher else "left"
    return drawing(
        canvas,
        figure.key.replace("_", "-"),
        f"Differences to {reference} in {title}",
        f"Found: {', '.join(found) or 'none'}.",
        f"{title}: better is on the {better}.",
    )
