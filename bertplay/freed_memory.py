"""Let glibc keep the memory that a training step frees, for the next step to use."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

# Parameters of mallopt(3), from glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8


@cache
def keep_freed_memory() -> bool:
    """Stop glibc from returning large freed blocks to the system, for the life of the process.

    MLX's CPU backend allocates every intermediate array anew. By default glibc gets each large one
    from the kernel and returns it when it is freed, and the kernel clears its pages again each
    time: some 60,000 page faults in a step of MiniLM, a tenth of its time. The process's memory
    then stays at its peak, which a training run needs at every step anyway.

    Returns:
        Whether it was done: only on Linux with glibc.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    settings = {
        _MMAP_MAX: 0,  # large blocks come from the heap too
        _TRIM_THRESHOLD: 2**31 - 1,
        _TOP_PAD: 64 * 2**20,
        _ARENA_MAX: 1,  # MLX's own thread shares the heap that may grow
    }
    return all(mallopt(parameter, value) for parameter, value in settings.items())
