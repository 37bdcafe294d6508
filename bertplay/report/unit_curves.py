"""A curve for each class within the unit square, such as ROC, with a key in a lower corner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bertplay.report import palette
from bertplay.report.lines import shortened
from bertplay.report.svg import axes_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINE = 0.075  # of the axes' height, between lines of the key


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
    key: Literal["left", "right"],
    diagonal: bool = False,
) -> Figure:
    """A figure of the classes' curves.

    Args:
        curves: class to its curve.
        x_label: what x is.
        y_label: what y is.
        key: the lower corner that the curves leave free.
        diagonal: draw what chance gives.
    """
    figure, axes = axes_of(3.4)
    coloured = coloured_classes(curves)
    if diagonal:
        axes.plot([0, 1], [0, 1], color=palette.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for name, curve in curves.items():
        if name not in coloured:
            axes.plot(curve.x, curve.y, color=palette.QUIET, linewidth=1)
    for name, colour in zip(coloured, palette.SERIES, strict=False):
        axes.plot(curves[name].x, curves[name].y, color=colour)
    _write_key(axes, [f"{shortened(name)} {curves[name].area:.3f}" for name in coloured], key)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.03)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure


def _write_key(axes: Axes, names: Sequence[str], corner: Literal["left", "right"]) -> None:
    for place, (name, colour) in enumerate(zip(names, palette.SERIES, strict=False)):
        axes.text(
            0.03 if corner == "left" else 0.98,
            0.04 + _LINE * (len(names) - 1 - place),
            name,
            transform=axes.transAxes,
            ha=corner,
            color=colour,
        )
