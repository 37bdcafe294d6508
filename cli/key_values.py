"""Options with names of their own as they are typed: `--loss-arg gamma=2`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from bertplay.data.errors import InputError

_WORDS = {"none": None, "true": True, "false": False}


def key_values(flag: str, pairs: Sequence[str], *, example: str) -> dict[str, Any]:
    """The values by their keys.

    Args:
        flag: the option, such as `--loss-arg`, for the message.
        pairs: `key=value` texts; `class-weights` is `class_weights`.
        example: a pair that might be meant, for the message.

    Raises:
        InputError: a text without `=`, or a key given twice.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        key, mark, value = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not mark or not key:
            raise InputError(
                f"{flag} {pair!r}: write it as key=value, for example {flag} {example}"
            )
        if key in values:
            raise InputError(f"{flag}: the option {key!r} is given twice: leave out one of them")
        values[key] = parsed(value)
    return values


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
