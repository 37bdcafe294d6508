"""Every loss with its options and their defaults by kind, and one of them explained, as lines."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean

if TYPE_CHECKING:
    from bertplay.losses import LossSpec

_COLUMN = 24


def loss_lines(width: int) -> list[str]:
    """The table, as lines of at most `width` columns (more where a single word is longer)."""
    from bertplay.losses import LOSSES, MULTI_LABEL_LOSSES, REGRESSION_LOSSES

    return [
        *_group_lines("Single-label (one class a row):", LOSSES, width),
        "",
        *_entry("", _WEIGHTS_NOTE, 0, width),
        *_entry("", "Give them as --gamma 2, or any of them as --loss-arg gamma=2.", 0, width),
        "",
        *_group_lines("Multi-label (any number of classes a row):", MULTI_LABEL_LOSSES, width),
        "",
        *_group_lines("Regression (numbers):", REGRESSION_LOSSES, width),
        "",
        *_entry("", _KINDS_NOTE, 0, width),
    ]


def explanation_lines(name: str, width: int) -> list[str]:
    """One loss: what it does, its equation, options and source, and how to use it.

    Raises:
        InputError: there is no such loss.
    """
    from bertplay.losses import ALL_LOSSES

    if name not in ALL_LOSSES:
        nearest = did_you_mean(name, list(ALL_LOSSES))
        raise InputError(f"no loss {name!r}{nearest} (`bertplay losses`)")
    spec = ALL_LOSSES[name]
    about, *sections = re.split(r"\n\n(?=\w+:\n)", inspect.getdoc(spec.function) or "")
    (reference,) = [s for s in sections if s.startswith("Reference:")] or [""]
    lines = _entry(name, spec.description, len(name) + 2, width)
    for paragraph in (*about.split("\n\n"), reference):
        if paragraph:
            lines += ["", *_entry("", " ".join(paragraph.split()), 0, width)]
    if spec.options:
        lines += ["", "Options:", *_option_lines(spec, width)]
    return [*lines, "", f"  {_example(spec)}"]


_WEIGHTS_NOTE = (
    "train counts balanced weights from the training labels: class_weights of weighted_ce and "
    "adaptive always, alpha where the largest class has at least twice the rows of the smallest "
    "and --sampling is natural. --alpha and --class-weights none, balanced or effective overrule "
    "it."
)
_KINDS_NOTE = (
    "The kind of a loss is that of its column: --label price:huber learns a number, --label "
    "topics:bce any number of classes; several --label learn several columns at once."
)


def _group_lines(heading: str, specs: Mapping[str, LossSpec], width: int) -> list[str]:
    lines = _entry("", heading, 0, width)
    for name, spec in specs.items():
        lines += _entry(name, spec.description, _COLUMN, width)
        lines += _option_lines(spec, width)
    return lines


def _example(spec: LossSpec) -> str:
    """How to use the loss, with its first option."""
    option = spec.options[0] if spec.options else None
    if spec.kind == "single_label":
        given = f" --loss-arg {option.name}={_shown(option.default)}" if option else ""
        return f"bertplay train --loss {spec.name}{given}"
    given = f" --loss-arg COL.{option.name}={_shown(option.default)}" if option else ""
    return f"bertplay train --data FILE --label COL:{spec.name}{given}"


def _option_lines(spec: LossSpec, width: int) -> list[str]:
    lines = []
    for option in spec.options:
        described = f"{option.help} [default: {_shown(option.default)}]"
        lines += _entry(option.name, described, _COLUMN, width, indent=2)
    return lines


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
