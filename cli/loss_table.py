"""`bertplay train --list-losses`: every loss with its options and their defaults."""

from __future__ import annotations

import textwrap
from typing import Any


def loss_lines(width: int) -> list[str]:
    """The table, as lines of at most `width` columns (more where a single word is longer)."""
    from bertplay.losses import LOSSES

    lines = []
    for name, spec in LOSSES.items():
        lines += _entry(name, spec.description, 18, width, indent=0)
        for option in spec.options:
            described = f"{option.help} [default: {_shown(option.default)}]"
            lines += _entry(option.name, described, 18, width, indent=2)
    return [
        *lines,
        "",
        *_entry("", _WEIGHTS_NOTE, 0, width, indent=0),
        *_entry("", "Give them as --gamma 2, or any of them as --loss-arg gamma=2.", 0, width),
    ]


_WEIGHTS_NOTE = (
    "train counts balanced weights from the training labels: class_weights of weighted_ce and "
    "adaptive always, alpha where the largest class has at least twice the rows of the smallest. "
    "--alpha and --class-weights none, balanced or effective overrule it."
)


def _entry(name: str, text: str, column: int, width: int, indent: int = 0) -> list[str]:
    start = " " * indent + name
    # In a narrow terminal a name stands on a line of its own, so that its description has room.
    if width < column + 30 and name:
        return [
            start,
            *textwrap.wrap(
                text, max(width - 4, 20), initial_indent="    ", subsequent_indent="    "
            ),
        ]
    return textwrap.wrap(
        text, max(width, 20), initial_indent=start.ljust(column), subsequent_indent=" " * column
    )


def _shown(default: Any) -> str:
    return "none" if default is None else str(default)
