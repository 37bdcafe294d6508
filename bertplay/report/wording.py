"""Numbers and names as a reader wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DASH = "\N{EN DASH}"


def sentence(text: str) -> str:
    """A text as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def figure(value: float | None, digits: int = 3) -> str:
    """A figure, or a dash where it has no value."""
    return _DASH if value is None else f"{value:.{digits}f}"


def interval(low: float, high: float) -> str:
    """From a lower to an upper bound."""
    return f"{low:.2f}{_DASH}{high:.2f}"


def percent(share: float | None) -> str:
    """A share in whole percent; small ones have a decimal."""
    if share is None:
        return _DASH
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def duration(seconds: float) -> str:
    """Seconds, or minutes and seconds."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def megabytes(size: float) -> str:
    """Bytes in a unit that gives a short number."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def value_text(value: Any) -> str:
    """The value of an option."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {value_text(of)}" for name, of in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(value_text, value)) or "none"
    return str(value)


def loss_text(loss: Mapping[str, Any]) -> str:
    """A loss and its options, as summary.json has them."""
    options = {name: of for name, of in loss["arguments"].items() if of is not None}
    return f"{loss['name']} ({value_text(options)})" if options else str(loss["name"])
