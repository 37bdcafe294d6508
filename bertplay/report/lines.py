"""Lines over a common axis, each named at its end rather than in a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bertplay.report import palette
from bertplay.report.svg import axes_of, shortened, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINE = 0.17  # inches between the names of two lines


@dataclass(frozen=True)
class Place:
    """A place on the horizontal axis that all lines are read at, and its name."""

    at: float
    name: str


def line_figure(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x_label: str,
    y_label: str,
    y_limits: tuple[float, float] | None = None,
    mark: Place | None = None,
    points: bool = False,
    height: float = 3.1,
) -> tuple[Figure, Axes]:
    """A figure of up to as many lines as there are colours; more are drawn in one quiet colour.

    Args:
        lines: name to the x and y of its points.
        x_label: what x is.
        y_label: what y is.
        y_limits: of the vertical axis; None takes those of the lines.
        mark: marked by a vertical line.
        points: mark each point.
        height: in inches.
    """
    names = [shortened(name) for name in lines]
    several = len(lines) > 1
    right = 0.22 + max(map(text_width, names)) if several else 0.14
    figure, axes = axes_of(height, right=right, top=0.3 if mark else 0.14)
    coloured = len(lines) <= len(palette.SERIES)
    ends = []
    for number, (x, y) in enumerate(lines.values()):
        colour = palette.SERIES[number] if coloured else palette.QUIET
        axes.plot(x, y, color=colour, marker="o" if points else None, markersize=4)
        ends.append((float(x[-1]), float(y[-1]), colour))
    if y_limits is None:
        y_limits = _limits([value for _, y in lines.values() for value in y])
    axes.set_ylim(*y_limits)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    if mark is not None:
        axes.axvline(mark.at, color=palette.MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            mark.name,
            (mark.at, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 4),
            textcoords="offset points",
            ha=_side(mark.at, axes.get_xlim()),
            color=palette.MUTED,
            fontsize=9,
        )
    if several:
        _name_ends(axes, names, ends, y_limits, height)
    return figure, axes


def _side(at: float, limits: tuple[float, float]) -> str:
    """On which side of a text its place is, so that it stays within the figure."""
    share = (at - limits[0]) / (limits[1] - limits[0])
    return "left" if share < 0.15 else "right" if share > 0.85 else "center"


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Limits with some room; a change of a hundredth does not fill the figure."""
    low, high = min(values), max(values)
    room = max(0.08 * (high - low), 0.02)
    return low - room, high + room


def _name_ends(
    axes: Axes,
    names: Sequence[str],
    ends: Sequence[tuple[float, float, str]],
    limits: tuple[float, float],
    height: float,
) -> None:
    """Write each line's name at its end, moved up or down where two would touch."""
    scale = (limits[1] - limits[0]) / (height - 0.8)  # of the vertical axis for an inch
    order = sorted(range(len(ends)), key=lambda line: ends[line][1])
    heights: dict[int, float] = {}
    lowest = limits[0]
    for line in order:
        heights[line] = max(ends[line][1], lowest)
        lowest = heights[line] + _LINE * scale
    # What was pushed beyond the top pushes back.
    highest = limits[1]
    for line in reversed(order):
        heights[line] = min(heights[line], highest)
        highest = heights[line] - _LINE * scale
    right = max(x for x, _, _ in ends)
    for line, (_, _, colour) in enumerate(ends):
        axes.annotate(
            names[line],
            (right, heights[line]),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour if colour != palette.QUIET else palette.MUTED,
            annotation_clip=False,
        )
