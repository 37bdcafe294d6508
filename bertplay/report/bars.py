"""Shares as bars: side by side for comparison, or as a histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bertplay.report import palette
from bertplay.report.svg import WIDTH, axes_of, shortened, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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
    left = 0.26 + max(map(text_width, labels))
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
    axes.tick_params(axis="y", pad=6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(x_label)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    write_key(axes, list(series), height)
    return figure


def write_key(
    axes: Axes,
    names: Sequence[str],
    height: float,
    *,
    colours: Sequence[str] = palette.SERIES,
    above: float = 0.16,
) -> None:
    """Name the colours in a line over the axes, from the left.

    Args:
        axes: whose colours.
        names: of the colours.
        height: of the figure, in inches.
        colours: in the order of the names.
        above: how far over the axes, in inches.
    """
    reached, inside = 0.0, axes.get_position()
    width = inside.width * WIDTH
    for name, colour in zip(names, colours, strict=False):
        axes.text(
            reached / width,
            1 + above / (inside.height * height),
            name,
            transform=axes.transAxes,
            color=colour,
        )
        reached += 0.25 + text_width(name)
