"""Where files lie that are made or fetched once for a user."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path | None:
    """`bertplay` in `XDG_CACHE_HOME` or `~/.cache`; None where neither is an absolute path."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    return cache / "bertplay" if cache.is_absolute() else None
