"""Checks of a loss's arguments: `ValueError` that names the argument and what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Real
from typing import Any

import mlx.core as mx
import numpy as np


def host_values(array: mx.array) -> np.ndarray[Any, Any] | None:
    """The values of an array, or None while it is traced (`mx.compile`, `mx.vmap`).

    Values made on the host, as labels are, lie in memory already, so that looking at them waits
    for nothing; values that are still to be computed are computed. A traced array has no values:
    MLX refuses to evaluate it, which leaves the trace as it was.
    """
    try:
        # NumPy has no bfloat16.
        return np.asarray(array.astype(mx.float32) if array.dtype == mx.bfloat16 else array)
    except (RuntimeError, ValueError):
        return None


def require(condition: bool, message: str) -> None:
    """Raise `ValueError` with the message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def require_known(kind: str, name: str, known: Iterable[str]) -> None:
    """Raise `ValueError`, with the nearest name and all of them, unless the name is known."""
    names = list(known)
    if name in names:
        return
    near = get_close_matches(str(name), names, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    choices = f"choose from {', '.join(names)}" if names else "there are none"
    raise ValueError(f"{kind} {name!r}{hint} ({choices})")


def check_gamma(gamma: mx.array | float) -> None:
    """Raise `ValueError` unless gamma is finite and at least 0."""
    check_at_least("gamma", gamma, 0.0)


def check_at_least(name: str, value: mx.array | float, smallest: float) -> None:
    """Raise `ValueError` unless the value is finite and at least `smallest`."""
    largest = float(np.finfo(np.float32).max)
    _check_number(name, value, smallest, largest, f"a number of at least {smallest:g}")


def check_smoothing(smoothing: mx.array | float) -> None:
    """Raise `ValueError` unless smoothing lies in [0, 1)."""
    check_below_one("smoothing", smoothing)


def check_below_one(name: str, value: mx.array | float) -> None:
    """Raise `ValueError` unless the value lies in [0, 1)."""
    below_one = float(np.nextafter(1.0, 0.0))
    _check_number(name, value, 0.0, below_one, "a number of at least 0 and below 1")


def check_positive(name: str, value: mx.array | float) -> None:
    """Raise `ValueError` unless the value is finite and greater than 0."""
    smallest, largest = float(np.nextafter(0.0, 1.0)), float(np.finfo(np.float32).max)
    _check_number(name, value, smallest, largest, "a number greater than 0")


def check_fraction(name: str, value: mx.array | float) -> None:
    """Raise `ValueError` unless the value lies in [0, 1]."""
    _check_number(name, value, 0.0, 1.0, "a number from 0 to 1")


def _check_number(
    name: str, value: mx.array | float, lowest: float, highest: float, expected: str
) -> None:
    if isinstance(value, mx.array) and value.ndim == 0:
        held = host_values(value)
        if held is None:
            return
        number = float(held)
    elif isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
    else:
        raise ValueError(f"{name} is {value!r}: expected {expected}")
    # Written so that NaN fails.
    require(lowest <= number <= highest, f"{name} is {number:g}: expected {expected}")
