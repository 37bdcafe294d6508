"""What a decision rule is to be best at, as a user writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bertplay.data.errors import InputError

NONE = "none"
FORMS = "macro_f1, balanced_accuracy, recall@precision=0.9, cost=FILE or none"

_RECALL, _COST = "recall@precision=", "cost="


@dataclass(frozen=True)
class Aim:
    """What is to be best.

    Attributes:
        name: "macro_f1", "balanced_accuracy", "recall@precision" or "cost".
        precision: what a recall must come with, above 0 and at most 1.
        of_class: whose recall; None for the rarest class of the validation rows.
        file: of the costs.
    """

    name: str
    precision: float = 0.0
    of_class: str | None = None
    file: str = ""

    @property
    def option(self) -> str:
        """As it is to be given again, from any folder."""
        return f"{_COST}{Path(self.file).expanduser().resolve()}" if self.file else self.text

    @property
    def text(self) -> str:
        """As a user writes it; of costs without their file."""
        if self.name != "recall@precision":
            return self.name
        of_class = "" if self.of_class is None else f":{self.of_class}"
        return f"{_RECALL}{self.precision:g}{of_class}"


def require_shares(target_accuracy: float, coverage: float) -> None:
    """Refuse shares that there cannot be.

    Raises:
        InputError: target_accuracy is not from 0 to 1, or coverage not from 0 to below 1.
    """
    if not 0 <= target_accuracy <= 1:
        raise InputError(
            f"target_accuracy is {target_accuracy}: it must lie between 0, for none, and 1"
        )
    if not 0 <= coverage < 1:
        raise InputError(f"coverage is {coverage}: it must be at least 0, for none, and below 1")


def aim_of(text: str) -> Aim | None:
    """What a user wrote: `macro_f1`, `recall@precision=0.9`, `recall@precision=0.9:CLASS`, ...

    None for `none`.

    Raises:
        InputError: it is none of the forms, or the precision is no number above 0 and at most 1.
    """
    if text == NONE:
        return None
    if text in ("macro_f1", "balanced_accuracy"):
        return Aim(text)
    if text.startswith(_COST) and len(text) > len(_COST):
        return Aim("cost", file=text.removeprefix(_COST))
    if not text.startswith(_RECALL):
        raise InputError(f"optimise is {text!r}: choose {FORMS}")
    number, _, of_class = text.removeprefix(_RECALL).partition(":")
    try:
        precision = float(number)
    except ValueError:
        precision = 0.0
    if not 0 < precision <= 1:
        raise InputError(
            f"optimise is {text!r}: the precision must be a number above 0 and at most 1"
        )
    return Aim("recall@precision", precision, of_class or None)
