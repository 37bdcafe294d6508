"""From matplotlib's figures to SVG that is part of a page: its fonts, its colours, its titles."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bertplay.report import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 5.0
"""Inches, 360 units of the drawing: as wide as a phone, so that text has its size there."""

_LETTER = 0.078  # inches, the mean width of a letter of 10 points
_LONGEST = 16

_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": palette.GRID,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": palette.MUTED,
    "axes.labelsize": 10,
    "axes.linewidth": 1,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.size": 10,
    "grid.color": palette.GRID,
    "grid.linewidth": 0.6,
    "lines.linewidth": 2,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    # The same figures make the same page.
    "svg.hashsalt": "bertplay",
    "text.color": palette.INK,
    # A class may be called "$5 to $10".
    "text.parse_math": False,
    "xtick.color": palette.GRID,
    "xtick.labelcolor": palette.MUTED,
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.color": palette.GRID,
    "ytick.labelcolor": palette.MUTED,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}

_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
_SIZE = re.compile(r'<svg[^>]*? viewBox="([^"]*)"[^>]*>', re.DOTALL)
_FONT = re.compile(r"font: ([\d.]+)px [^;\"]*")
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_NAME = re.compile(r'(\bid="|url\(#|href="#)')
_COLOUR = re.compile("|".join(palette.VARIABLES))
_PATH = re.compile(r' d="[^"]*"')
_LONG_NUMBER = re.compile(r"(\.\d\d)\d+")


@dataclass(frozen=True)
class Drawing:
    """A figure, ready for a page.

    Attributes:
        svg: markup, complete with its title and description.
        caption: what a reader should see in it, one or two sentences.
    """

    svg: str
    caption: str


@contextmanager
def drawing_style() -> Iterator[None]:
    """All figures of a page are drawn within it."""
    import matplotlib

    with warnings.catch_warnings(), matplotlib.rc_context(_STYLE):
        # Only its measuring lacks them: the reader's fonts show them.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing", UserWarning)
        yield


def axes_of(
    height: float = 3.1,
    *,
    left: float = 0.66,
    bottom: float = 0.52,
    right: float = 0.14,
    top: float = 0.14,
) -> tuple[Figure, Axes]:
    """A figure with one system of axes, with margins in inches.

    They are given, as finding them would draw the figure several times.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes(
        (
            left / WIDTH,
            bottom / height,
            (WIDTH - left - right) / WIDTH,
            (height - bottom - top) / height,
        )
    )
    return figure, axes


def text_width(text: str) -> float:
    """About how wide a text of 10 points is, in inches."""
    return _LETTER * sum(map(_letters, text))


def shortened(text: str) -> str:
    """A text that fits beside a figure, on one line."""
    words, kept, width = " ".join(text.split()), "", 0
    for letter in words:
        width += _letters(letter)
        if width > _LONGEST:
            return kept[:-1] + "…"
        kept += letter
    return kept


def _letters(letter: str) -> int:
    """How many letters it is as wide as: Chinese characters and the like are square."""
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def drawing(figure: Figure, name: str, title: str, description: str, caption: str) -> Drawing:
    """A figure as part of a page.

    Args:
        figure: drawn within `drawing_style`, in the colours of `bertplay.report.palette`.
        name: that no other figure of the page has; of letters, digits and "-".
        title: what it shows, in a few words, for who cannot see it.
        description: what can be read off it.
        caption: shown under it.
    """
    from markupsafe import escape
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    svg = _METADATA.sub("", _PROLOGUE.sub("", _COMMENT.sub("", buffer.getvalue())))
    svg = _NAME.sub(rf"\g<1>{name}-", svg)
    svg = _COLOUR.sub(lambda found: f"var({palette.VARIABLES[found.group()]})", svg)
    svg = _FONT.sub(r"font-size: \1px", svg)
    svg = _PATH.sub(lambda path: _LONG_NUMBER.sub(r"\1", path.group()), svg)
    opening = (
        rf'<svg viewBox="\1" role="img" aria-labelledby="{name}-title {name}-text">'
        f'<title id="{name}-title">{_literal(escape(title))}</title>'
        f'<desc id="{name}-text">{_literal(escape(description))}</desc>'
    )
    return Drawing(_SIZE.sub(opening, svg, count=1), caption)


def _literal(text: str) -> str:
    """Text that a substitution takes as it is."""
    return text.replace("\\", r"\\")
