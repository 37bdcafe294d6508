"""How much memory there is for arrays, how much was used, and how much is kept when it is freed."""

from __future__ import annotations

import os
import resource
import sys
from functools import cache

import mlx.core as mx

CACHED_PART = 0.25
"""Of a GPU's memory, what MLX may keep of freed arrays for the next ones."""


def usable_memory() -> int:
    """Bytes that the arrays of the default device can have at most.

    On a GPU what its driver recommends as the working set, or else its memory; on the CPU the
    machine's memory, which the process, other processes and the system share.
    """
    device = mx.default_device()
    if device.type.name != "cpu":
        about = mx.device_info(device)
        for name in ("max_recommended_working_set_size", "total_memory", "memory_size"):
            if name in about:
                return int(about[name])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@cache
def limit_cache() -> int | None:
    """Bound the memory that MLX keeps of freed arrays, for the life of the process.

    Batches of many shapes fill this cache with arrays of many sizes. It is bounded once and never
    emptied: emptied after each step, it would be no cache. On the CPU MLX keeps 32 MiB by itself,
    and more brought nothing, as freed memory stays with the process there
    (`bertplay.freed_memory`).

    Returns:
        The limit in bytes; None where MLX's own is left as it is.
    """
    if mx.default_device().type.name == "cpu":
        return None
    limit = int(CACHED_PART * usable_memory())
    mx.set_cache_limit(limit)
    return limit


def memory_facts() -> dict[str, int]:
    """What was used, in bytes, as summary.json has it.

    Returns:
        `peak_active_bytes` of arrays since the peak was last reset, `cache_bytes` kept of freed
        arrays now, and `process_peak_bytes`, all that the process ever had in the machine's memory.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "peak_active_bytes": mx.get_peak_memory(),
        "cache_bytes": mx.get_cache_memory(),
        "process_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
    }
