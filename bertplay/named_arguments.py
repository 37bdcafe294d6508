"""Options of something that is chosen by name, such as an optimizer: which it has, and what fits.

Plain data without MLX, so that wrong options are refused before anything is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed
from bertplay.option_values import plain_value


@dataclass(frozen=True)
class Argument:
    """One option of a thing that is chosen by name.

    Attributes:
        default: its value where none is given.
        kind: bool, int, float or str; `list` for one number or several, which becomes a list.
        fits: whether a value of that kind is allowed.
        expected: which values are, to go on "it must be ...".
    """

    default: Any
    kind: type
    fits: Callable[[Any], bool]
    expected: str


def flag(default: bool) -> Argument:
    """True or false."""
    return Argument(default, bool, lambda value: True, "true or false")


def share(default: float | None) -> Argument:
    """A number from 0 up to, but not, 1."""
    return Argument(default, float, lambda value: 0 <= value < 1, "at least 0 and below 1")


def number_from(least: float, default: float) -> Argument:
    """A number that is at least so large."""
    return Argument(
        default,
        float,
        lambda value: least <= value < math.inf,
        f"a number that is at least {least:g}",
    )


def number_above(limit: float, default: float | None) -> Argument:
    """A number that is larger."""
    return Argument(
        default, float, lambda value: limit < value < math.inf, f"a number above {limit:g}"
    )


def count_from(least: int, default: int) -> Argument:
    """A whole number that is at least so large."""
    return Argument(default, int, lambda value: value >= least, f"at least {least}")


def one_of(*names: str) -> Argument:
    """One of some names, by default the first."""
    return Argument(names[0], str, lambda value: value in names, f"one of {', '.join(names)}")


def completed_arguments(
    option: str, owner: str, given: Mapping[str, Any], declared: Mapping[str, Argument]
) -> dict[str, Any]:
    """The value of every option that `owner` has: as given, else its default.

    Args:
        option: what holds the options, such as `optimizer_args`, for the message.
        owner: what was chosen, such as `sgd`.
        given: by name; None stands for the default.
        declared: the options that the owner has.

    Raises:
        InputError: the owner has no such option, or a value is of another type or out of range.
    """
    for name in given:
        if name not in declared:
            has = f"it has {listed(list(declared))}" if declared else "it has none"
            raise InputError(
                f"{option}: {owner} has no option {name!r}, {has}"
                f"{did_you_mean(name, list(declared))}"
            )
    return {
        name: argument.default
        if given.get(name) is None
        else _checked(f"{option}: {name}", given[name], argument)
        for name, argument in declared.items()
    }


def _checked(name: str, value: Any, argument: Argument) -> Any:
    if argument.kind is list:
        items = value if isinstance(value, list) else [value]
        plain: Any = [plain_value(name, item, float) for item in items]
    else:
        plain = plain_value(name, value, argument.kind)
    if not argument.fits(plain):
        raise InputError(f"{name} is {value!r}: it must be {argument.expected}")
    return plain
