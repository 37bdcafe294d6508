"""Shares as bars: side by side for comparison, or as a histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bertplay.report import palette
from bertplay.report.lines import shortened
from bertplay.report.svg import axes_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LETTER = 0.078  # inches, the mean width of a letter of 10 points


def grouped_bars(
    names: Sequence[str], series: Mapping[str, Sequence[float]], *, x_label: str
) -> Figure:
    """Horizontal bars, a group for each name, with a key over them.

    Args:
        names: of the groups, from top to bottom.
        series: name in the key to a share for each group, from 0 to 1.
        x_label: what the shares are of.
    """
    import numpy as np

    labels = [shortened(name) for name in names]
    thickness = 0.8 / len(series)
    left = 0.22 + _LETTER * max(map(len, labels))
    height = 0.95 + len(names) * (0.12 + 0.17 * len(series))
    figure, axes = axes_of(height, left=left, top=0.4)
    places = np.arange(len(names))
    for number, values in enumerate(series.values()):
        axes.barh(
            places - 0.4 + (number + 0.5) * thickness,
            values,
            thickness * 0.86,
            color=palette.SERIES[number],
        )
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(x_label)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    write_key(axes, list(series), height)
    return figure


def write_key(axes: Axes, names: Sequence[str], height: float) -> None:
    """Name the colours in a line over the axes, from the left."""
    reached = 0.0
    width = axes.get_position().width * 5.0
    for name, colour in zip(names, palette.SERIES, strict=False):
        axes.text(
            reached / width,
            1 + 0.16 / (axes.get_position().height * height),
            name,
            transform=axes.transAxes,
            color=colour,
        )
        reached += 0.25 + _LETTER * len(name)
