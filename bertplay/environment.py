"""What a run ran on: versions, device and BLAS, as facts for `summary.json` and `bertplay info`."""

from __future__ import annotations

import os
import platform
import shutil
import time
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import mlx.core as mx

from bertplay.blas import blas_in_use

PACKAGES: Final = (
    "mlx",
    "mlx-cpu",
    "mlx-cuda-12",
    "mlx-cuda-13",
    "mlx-metal",
    "numpy",
    "pandas",
    "scikit-learn",
    "tokenizers",
    "safetensors",
    "huggingface-hub",
    "scipy-openblas32",
)


def environment() -> dict[str, Any]:
    """The facts that decide how fast and how exactly a run can be repeated, ready for JSON.

    Returns:
        `bertplay`, `python`, `platform`, `machine`, `cpus` (those this process may use), `device`,
        `device_name`, `backend` (`metal`, `cuda` or `cpu`), `packages` (name to version, those
        installed), `blas` (`name`, `source`, `path`) and `fusion` (whether `mx.compile` can fuse
        operations: always on a GPU, on the CPU where there is a `g++`).
    """
    from bertplay import __version__

    device = mx.default_device()
    backend = _backend(device)
    return {
        "bertplay": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": _usable_cpus(),
        "device": device.type.name,
        "device_name": _device_name(device),
        "backend": backend,
        "packages": _package_versions(),
        "blas": asdict(blas_in_use()),
        "fusion": backend != "cpu" or shutil.which("g++") is not None,
    }


def matmul_gflops(size: int = 1024) -> float:
    """The speed of a float32 product of two `[size, size]` matrices on the default device.

    A product is `2 * size**3` operations. The best of five timed products counts, after one that
    is not timed, so that other load on the machine disturbs the figure least.

    Args:
        size: Rows and columns of the matrices; at least 1.

    Returns:
        Billions of floating-point operations in a second (GFLOP/s).

    Raises:
        ValueError: `size` is less than 1.
    """
    if size < 1:
        raise ValueError(f"size is {size}: it must be at least 1")
    left, right = mx.random.normal((2, size, size), key=mx.random.key(0))
    mx.eval(left, right, left @ right)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        mx.eval(left @ right)
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds) / 1e9


def _backend(device: mx.Device) -> str:
    if device.type.name == "cpu":
        return "cpu"
    return "metal" if mx.metal.is_available() else "cuda"


def _device_name(device: mx.Device) -> str:
    return str(mx.device_info(device).get("device_name", "unknown"))


def _usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _package_versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
