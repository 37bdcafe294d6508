"""From where on a check fires; `--check-threshold` sets any of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from bertplay.data.errors import InputError


def _threshold(default: float, code: str, meaning: str) -> float:
    value: float = field(default=default, metadata={"code": code, "help": meaning})
    return value


@dataclass(frozen=True)
class Thresholds:
    """The limits of all checks; docs/checks.md has them in a table."""

    duplicate_share: float = _threshold(
        0.2, "BP102", "share of the held-out rows whose text is trained on as well"
    )
    leak_f1: float = _threshold(
        0.98, "BP103", "F1 at which one word, or two in a row, gives a class away by itself"
    )
    few_rows: float = _threshold(10, "BP104", "training rows that a class should have")
    collapse_share: float = _threshold(
        0.99, "BP201", "share of the predictions that one class must have"
    )
    overconfidence_gap: float = _threshold(
        0.05, "BP203", "how far the mean confidence must exceed the accuracy"
    )
    overconfidence_errors: float = _threshold(
        2.0, "BP203", "the same in standard errors of the accuracy"
    )
    overconfidence_ece: float = _threshold(
        0.10, "BP203", "what the expected calibration error must exceed as well"
    )
    underconfidence_gap: float = _threshold(
        0.25, "BP204", "how far the accuracy must exceed the mean confidence"
    )
    loss_drop: float = _threshold(
        0.01, "BP205", "part of the first loss that must have gone, less counts as no decrease"
    )
    loss_variance: float = _threshold(
        5.0, "BP206", "deviation of the steps' losses, by the first loss and the rows of a step"
    )
    loss_rise: float = _threshold(
        0.5, "BP207", "rise of the loss after its lowest point, as a part of the first loss"
    )
    slow_drop: float = _threshold(
        0.05, "BP208", "part of the first loss that should be gone when half of the steps are done"
    )
    validation_rise: float = _threshold(
        0.25, "BP209", "rise of the validation loss above its best epoch, as a part of that"
    )
    gradient_explosion: float = _threshold(
        10.0, "BP301", "gradient norm of a group, as a multiple of that of the first steps"
    )
    gradient_vanishing: float = _threshold(
        1e-4, "BP302", "gradient norm of a group, as a part of that of the whole model"
    )
    head_variation: float = _threshold(
        1e-3, "BP303", "deviation of the predictions over the validation rows"
    )
    starving_share: float = _threshold(
        0.9, "BP304", "share of the weighted loss that one task must have"
    )
    label_errors: float = _threshold(0.01, "BP401", "share of the labels that must look wrong")
    label_confidence: float = _threshold(
        0.9, "BP401", "probability of another class, calibrated, at which a label looks wrong"
    )

    def __post_init__(self) -> None:
        """Refuse what is no number that is at least 0."""
        for declared in fields(self):
            value = getattr(self, declared.name)
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not 0 <= value < math.inf
            ):
                raise InputError(
                    f"check threshold {declared.name} is {value!r}: it must be a number that is "
                    "at least 0"
                )


def thresholds_of(values: Mapping[str, Any]) -> Thresholds:
    """The defaults with some of them replaced.

    Raises:
        InputError: a name is unknown, or a value is no number.
    """
    known = [declared.name for declared in fields(Thresholds)]
    for name in values:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(
                f"check threshold {name!r} is unknown{hint}: choose from {', '.join(known)}"
            )
    return Thresholds(**values)
