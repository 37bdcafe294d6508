"""Text and lines stand out from their ground, in light and in dark, as WCAG 2.2 AA asks."""

import re
from pathlib import Path

import pytest

from bertplay.report import palette, rendering

STYLE = (Path(rendering.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
TEXTS = ("--ink", "--muted", "--first", "--second", "--third", "--fourth")
LINES = ("--quiet", "--error")


def colours(dark: bool) -> dict[str, str]:
    """Variable to colour; dark ones replace those of light."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = dict(re.findall(r"(--\w+): (#\w{6});", blocks[0]))
    return found | dict(re.findall(r"(--\w+): (#\w{6});", blocks[1])) if dark else found


def luminance(colour: str) -> float:
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("ground", ["--paper", "--panel"])
@pytest.mark.parametrize("text", TEXTS)
def test_text_can_be_read(dark, ground, text):
    assert contrast(colours(dark)[text], colours(dark)[ground]) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("line", LINES)
def test_lines_can_be_seen(dark, line):
    assert contrast(colours(dark)[line], colours(dark)["--paper"]) >= 3


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("ground", ["--for", "--against"])
def test_the_strongest_ground_of_a_word_or_cell_leaves_its_text_readable(dark, ground):
    assert contrast(colours(dark)["--ink"], colours(dark)[ground]) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_of_figures_is_a_variable_of_both_themes(dark):
    assert set(palette.VARIABLES.values()) <= colours(dark).keys()
