"""The colours of figures, which the page's style decides: for light and for dark.

A figure is drawn with colours that stand for roles, and their places in its SVG then name the
variables of templates/style.css.
"""

from __future__ import annotations

INK = "#00fe01"
MUTED = "#00fe02"
GRID = "#00fe03"
FIRST = "#00fe04"
SECOND = "#00fe05"
THIRD = "#00fe06"
FOURTH = "#00fe07"
QUIET = "#00fe08"

SERIES = (FIRST, SECOND, THIRD, FOURTH)
"""What tells lines apart: blue, vermilion, teal, purple, after Okabe and Ito."""

VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    FIRST: "--first",
    SECOND: "--second",
    THIRD: "--third",
    FOURTH: "--fourth",
    QUIET: "--quiet",
}
"""Colour to the variable that replaces it."""
