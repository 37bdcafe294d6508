"""Numbers and user's texts as they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def figure(value: float | None, digits: int = 3) -> str:
    """A figure between 0 and 1, or a loss; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def percent(share: float, digits: int = 1) -> str:
    """A share as 61.8%."""
    return f"{share:.{digits}%}"


def scientific(value: float) -> str:
    """A learning rate as 5.0e-4."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def duration(seconds: float) -> str:
    """Seconds as 0:07, 3:25 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bytes_text(size: int) -> str:
    """A size in the largest unit that it has at least one of: `25 MB`, `1.2 GB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB")):
        if size >= unit:
            return f"{size / unit:.{1 if unit == 10**9 else 0}f} {name}"
    return f"{max(round(size / 1000), 1)} kB"


def one_line(text: str, width: int | None = None) -> str:
    """A text without line breaks and control characters, cut to a width if one is given."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(line.split())
    if width is not None and len(line) > width:
        return line[: max(width - 3, 0)].rstrip() + "..."
    return line


def loss_text(loss: Mapping[str, Any]) -> str:
    """A loss with its arguments: `focal_smooth (gamma 2.0, alpha 0.382, 0.618)`."""
    arguments = ", ".join(
        f"{name} {_argument(value)}" for name, value in loss.get("arguments", {}).items()
    )
    return f"{loss['name']} ({arguments})" if arguments else str(loss["name"])


def _argument(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        if all(weight == 1 for weight in value):  # class weights of 1 are no weights
            return "none"
        return "[" + ", ".join(map(_argument, value)) + "]"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
