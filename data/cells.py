"""What stands in one cell of a table."""

from __future__ import annotations

import json
import math
import re

import numpy as np

_SURROGATE = re.compile("[\ud800-\udfff]")
# What programs write for a missing value and no person means as a text.
_NOT_A_NUMBER = frozenset({"nan", "<na>"})


def is_missing(value: object) -> bool:
    """True for None, NaN, pandas' NA and NaT, and for a text without a visible character."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def cell_text(value: object) -> str:
    """The cell as text: missing is "", 22.0 is "22", nested values are JSON.

    Half of a surrogate pair, which is no character, becomes U+FFFD.
    """
    if is_missing(value):
        return ""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list):
        return writable(json.dumps(value, ensure_ascii=False))
    return writable(str(value))


def writable(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair: UTF-8 can hold no such half."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def reads_as_missing(value: object) -> bool:
    """True for a missing value, also where a program has written it out as "nan"."""
    return is_missing(value) or cell_text(value).strip().lower() in _NOT_A_NUMBER
