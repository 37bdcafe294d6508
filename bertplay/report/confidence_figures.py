"""How sure a model is and how often it is right, as figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bertplay.diagnostics.confidence import ReliabilityBin
from bertplay.report import palette
from bertplay.report.bars import write_key
from bertplay.report.svg import axes_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 3.4
_LARGEST_POINT = 11.0


def reliability_figure(
    series: Mapping[str, Sequence[ReliabilityBin]],
    *,
    x_label: str = "confidence",
    y_label: str = "share that is right",
) -> Figure:
    """Accuracy over confidence, a point for each bin that has rows; the larger, the more rows.

    Args:
        series: name to its bins; one, or before and after calibration.
        x_label: what x is.
        y_label: what y is.
    """
    several = len(series) > 1
    figure, axes = axes_of(_HEIGHT, top=0.4 if several else 0.14)
    axes.plot([0, 1], [0, 1], color=palette.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    most = max(point.rows for points in series.values() for point in points)
    for points, colour in zip(series.values(), palette.SERIES, strict=False):
        x = [point.confidence for point in points]
        y = [point.accuracy for point in points]
        # The area of a point is as its number of rows, but the smallest can be seen.
        areas = [max(_LARGEST_POINT**2 * point.rows / most, 9.0) for point in points]
        axes.plot(x, y, color=colour, linewidth=1.5)
        axes.scatter(x, y, s=areas, color=colour)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.04)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    if several:
        write_key(axes, list(series), _HEIGHT)
    return figure


def confidence_figure(
    edges: Sequence[float],
    right: npt.ArrayLike,
    wrong: npt.ArrayLike,
    *,
    names: tuple[str, str] = ("right", "wrong"),
    x_label: str = "confidence",
    y_label: str = "rows",
) -> Figure:
    """Rows by confidence: right ones above the axis, wrong ones below.

    Args:
        edges: of B bins, B + 1 of them.
        right: `[B]` numbers of rows that are right.
        wrong: `[B]` numbers of rows that are wrong.
        names: of both, for the key.
        x_label: what x is.
        y_label: what is counted.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = axes_of(_HEIGHT, top=0.4)
    places, width = np.asarray(edges)[:-1], np.diff(edges)
    axes.bar(places, np.asarray(right), width * 0.92, align="edge", color=palette.FIRST)
    axes.bar(places, -np.asarray(wrong), width * 0.92, align="edge", color=palette.SECOND)
    axes.axhline(0, color=palette.MUTED, linewidth=1)
    axes.set_xlim(float(edges[0]), float(edges[-1]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
    axes.grid(visible=False, axis="x")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    write_key(axes, names, _HEIGHT)
    return figure
