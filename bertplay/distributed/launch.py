"""Whether a launcher has started this process with others; without importing MLX."""

from __future__ import annotations

import os
from pathlib import Path

# What mlx.launch says for ring, jaccl and NCCL; Open MPI; MPICH.
_RANKS = ("MLX_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK")


def launched() -> bool:
    """Whether there may be other processes of the same run."""
    if not any(name in os.environ for name in _RANKS):
        return False
    # `mlx.launch -n 1` names a file without hosts, which MLX does not read.
    hosts = os.environ.get("MLX_HOSTFILE")
    if hosts is None or not Path(hosts).is_file():
        return True
    return bool(Path(hosts).read_text(encoding="utf-8").strip())


def launched_rank() -> int:
    """The launcher's number for this process, counted from 0; 0 without a launcher."""
    if not launched():
        return 0
    return int(next(os.environ[name] for name in _RANKS if name in os.environ))
