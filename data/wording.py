"""How messages name places, lists and the nearest name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_NAMES_SHOWN = 20
_PLACES_SHOWN = 5


def named_places(places: Sequence[object], kind: str) -> str:
    """Places of a table in words: "line 4", "lines 4, 9 and 12", "lines 1, ... and 80 more"."""
    shown = [str(place) for place in places[:_PLACES_SHOWN]]
    if len(places) == 1:
        return f"{kind} {shown[0]}"
    if len(places) > len(shown):
        return f"{kind}s {', '.join(shown)} and {len(places) - len(shown)} more"
    return f"{kind}s {', '.join(shown[:-1])} and {shown[-1]}"


def listed(names: Sequence[str]) -> str:
    """Names with commas between them; of a long list the first twenty."""
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """The nearest of the names as "; did you mean 'label'?", or "" where none is near."""
    by_lower = {known.lower(): known for known in reversed(names)}
    near = get_close_matches(name.lower(), list(by_lower), n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""
