"""Options of a loss as they are typed: `--gamma 2`, `--alpha balanced`, `--loss-arg key=value`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bertplay.cli.key_values import key_values, parsed
from bertplay.data.errors import InputError


def loss_arguments(pairs: Sequence[str], named: Mapping[str, str | None]) -> dict[str, Any]:
    """The loss's keyword arguments.

    Args:
        pairs: `key=value` texts; `class-weights` is `class_weights`.
        named: key to value of the options with a name of their own; None where not given.

    Raises:
        InputError: a text without `=`, or a key given twice.
    """
    arguments = {key: parsed(value) for key, value in named.items() if value is not None}
    of_pairs = key_values("--loss-arg", pairs, example="gamma=2")
    for key in of_pairs:
        if key in arguments:
            raise InputError(f"the loss option {key!r} is given twice: leave out one of them")
    return {**arguments, **of_pairs}
