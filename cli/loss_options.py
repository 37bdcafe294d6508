"""Options of a loss as they are typed: `--gamma 2`, `--alpha balanced`, `--loss-arg key=value`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bertplay.data.errors import InputError

_WORDS = {"none": None, "true": True, "false": False}


def loss_arguments(pairs: Sequence[str], named: Mapping[str, str | None]) -> dict[str, Any]:
    """The loss's keyword arguments.

    Args:
        pairs: `key=value` texts; `class-weights` is `class_weights`.
        named: key to value of the options with a name of their own; None where not given.

    Raises:
        InputError: a text without `=`, or a key given twice.
    """
    arguments = {key: parsed(value) for key, value in named.items() if value is not None}
    for pair in pairs:
        key, mark, value = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not mark or not key:
            raise InputError(
                f"--loss-arg {pair!r}: write it as key=value, for example --loss-arg gamma=2"
            )
        if key in arguments:
            raise InputError(f"the loss option {key!r} is given twice: leave out one of them")
        arguments[key] = parsed(value)
    return arguments


def parsed(text: str) -> Any:
    """A number, a list of numbers ("1.0,2.0"), None, True, False, or the text itself."""
    word = text.strip()
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(word)
    items = word.strip("[]()").split(",")
    if len(items) > 1:
        with suppress(ValueError):
            return [float(item) for item in items if item.strip()]
    return word
