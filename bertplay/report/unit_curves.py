"""A curve for each class within the unit square, such as ROC, with a key over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bertplay.report import palette
from bertplay.report.bars import write_key
from bertplay.report.svg import axes_of, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT, _TOP = 3.7, 0.6
_A_LINE = 2  # of the key has so many names


@dataclass(frozen=True)
class UnitCurve:
    """A curve.

    Attributes:
        x: from 0 to 1.
        y: from 0 to 1.
        area: the figure that stands beside its name.
    """

    x: Sequence[float]
    y: Sequence[float]
    area: float


def coloured_classes(curves: Mapping[str, UnitCurve]) -> list[str]:
    """The classes with a colour: of many, those with the least area, in their order."""
    lowest = sorted(curves, key=lambda name: curves[name].area)[: len(palette.SERIES)]
    return [name for name in curves if name in lowest]


def unit_curves(
    curves: Mapping[str, UnitCurve],
    *,
    x_label: str,
    y_label: str,
    diagonal: bool = False,
) -> Figure:
    """A figure of the classes' curves.

    Args:
        curves: class to its curve.
        x_label: what x is.
        y_label: what y is.
        diagonal: draw what chance gives.
    """
    figure, axes = axes_of(_HEIGHT, top=_TOP)
    coloured = coloured_classes(curves)
    if diagonal:
        axes.plot([0, 1], [0, 1], color=palette.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for name, curve in curves.items():
        if name not in coloured:
            axes.plot(curve.x, curve.y, color=palette.QUIET, linewidth=1)
    for name, colour in zip(coloured, palette.SERIES, strict=False):
        axes.plot(curves[name].x, curves[name].y, color=colour)
    names = [f"{shortened(name)} {curves[name].area:.3f}" for name in coloured]
    for line in range(0, len(names), _A_LINE):
        above = 0.4 - 0.2 * (line // _A_LINE) if len(names) > _A_LINE else 0.2
        colours = palette.SERIES[line:]
        write_key(axes, names[line : line + _A_LINE], _HEIGHT, colours=colours, above=above)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.03)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure
