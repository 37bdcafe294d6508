"""Calibrated probabilities: what a fitted calibration makes of logits, and how it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bertplay.prediction import softmax

Probabilities = NDArray[np.float64]


class Calibration(Protocol):
    """A function from logits to probabilities."""

    @property
    def method(self) -> str:
        """Its name, as the user gives it."""

    def probabilities(self, logits: NDArray[np.floating[Any]]) -> Probabilities:
        """`[N, C]` rows that sum to 1, of logits `[N, C]`."""

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; `calibration_from` reads it."""


@dataclass(frozen=True)
class Uncalibrated:
    """The network's own probabilities, `softmax(z)`.

    Attributes:
        reason: why they stay so although another method was asked for; empty where none was.
    """

    reason: str = ""
    method: str = "none"

    def probabilities(self, logits: NDArray[np.floating[Any]]) -> Probabilities:
        """`softmax(z)`."""
        return softmax(logits)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"method": self.method, **({"reason": self.reason} if self.reason else {})}


@dataclass(frozen=True)
class TemperatureScaling:
    """`softmax(z / T)`, which changes no row's order of classes.

    Attributes:
        temperature: T, above 0.
    """

    temperature: float
    method: str = "temperature"

    def probabilities(self, logits: NDArray[np.floating[Any]]) -> Probabilities:
        """`softmax(z / T)`."""
        return softmax(np.asarray(logits, dtype=np.float64) / self.temperature)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"method": self.method, "temperature": self.temperature}


@dataclass(frozen=True)
class VectorScaling:
    """`softmax(w * z + b)`, with a factor and a shift for each class.

    Attributes:
        scales: w, C numbers.
        biases: b, C numbers.
    """

    scales: tuple[float, ...]
    biases: tuple[float, ...]
    method: str = "vector"

    def probabilities(self, logits: NDArray[np.floating[Any]]) -> Probabilities:
        """`softmax(w * z + b)`."""
        return softmax(np.asarray(logits, dtype=np.float64) * self.scales + self.biases)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"method": self.method, "scales": list(self.scales), "biases": list(self.biases)}


@dataclass(frozen=True)
class IsotonicCalibration:
    """For two classes: a rising function of `z_1 - z_0`, straight between its knots.

    Attributes:
        margins: ascending values of `z_1 - z_0`.
        shares: the probability of class 1 at each; it stays what it is at the ends beyond them.
    """

    margins: tuple[float, ...]
    shares: tuple[float, ...]
    method: str = "isotonic"

    def probabilities(self, logits: NDArray[np.floating[Any]]) -> Probabilities:
        """`[1 - f(z_1 - z_0), f(z_1 - z_0)]`."""
        z = np.asarray(logits, dtype=np.float64)
        second = np.interp(z[:, 1] - z[:, 0], self.margins, self.shares)
        return np.column_stack([1 - second, second])

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"method": self.method, "margins": list(self.margins), "shares": list(self.shares)}


def calibration_from(values: Mapping[str, Any], classes: int) -> Calibration:
    """What `as_dict` of a calibration gave.

    Args:
        values: as they were stored.
        classes: C, of the model.

    Raises:
        ValueError: a number is missing, not finite or out of range, or there are too many.
        KeyError: something is missing.
        TypeError: something is no number.
    """
    method = values["method"]
    if method == "none":
        return Uncalibrated(str(values.get("reason", "")))
    if method == "temperature":
        (temperature,) = finite_numbers("temperature", [values["temperature"]])
        if temperature <= 0:
            raise ValueError(f"temperature is {temperature}: it must be above 0")
        return TemperatureScaling(temperature)
    if method == "vector":
        return VectorScaling(
            finite_numbers("scales", values["scales"], classes),
            finite_numbers("biases", values["biases"], classes),
        )
    if method != "isotonic":
        raise ValueError(f"there is no calibration {method!r}")
    margins = finite_numbers("margins", values["margins"])
    shares = finite_numbers("shares", values["shares"], len(margins))
    if classes != 2 or not margins:
        raise ValueError("an isotonic calibration has margins and two classes")
    if any(after <= before for before, after in pairwise(margins)):
        raise ValueError("margins do not rise")
    if any(after < before for before, after in pairwise((0.0, *shares, 1.0))):
        raise ValueError("shares do not rise from 0 to 1")
    return IsotonicCalibration(margins, shares)


def finite_numbers(
    name: str, values: Sequence[float], count: int | None = None
) -> tuple[float, ...]:
    """Stored numbers, checked.

    Args:
        name: what they are, for messages.
        values: of the file.
        count: how many there must be; None for any number.

    Raises:
        ValueError: there are fewer or more, or one is not finite.
        TypeError: one is no number.
    """
    if not isinstance(values, list) or any(isinstance(v, bool | str) for v in values):
        raise TypeError(f"{name} is no list of numbers")
    numbers = tuple(float(value) for value in values)
    if count is not None and len(numbers) != count:
        raise ValueError(f"{name} has {len(numbers)} numbers, and {count} are needed")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} holds NaN or infinity")
    return numbers
