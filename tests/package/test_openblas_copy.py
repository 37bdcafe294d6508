"""The copy of the packaged OpenBLAS in the user's cache."""

import os
import subprocess
import sys

import pytest

from bertplay.openblas_copy import find_openblas, openblas_copy

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or find_openblas() is None,
    reason="needs Linux and the package scipy-openblas32",
)


@pytest.fixture
def source():
    return find_openblas()


def test_the_copy_is_made_once(source, tmp_path):
    first = openblas_copy(source, tmp_path)
    made = first.stat()

    again = openblas_copy(source, tmp_path)

    assert again == first
    assert again.stat().st_ino == made.st_ino


def test_a_truncated_copy_is_made_again(source, tmp_path):
    copy = openblas_copy(source, tmp_path)
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2])

    again = openblas_copy(source, tmp_path)

    assert again.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [again]


def test_another_build_of_the_package_gets_a_copy_of_its_own(source, tmp_path):
    changed = tmp_path / "site" / "scipy_openblas32" / "lib" / source.name
    changed.parent.mkdir(parents=True)
    changed.write_bytes(source.read_bytes() + b"\0")

    cache = tmp_path / "cache"

    assert openblas_copy(source, cache) != openblas_copy(changed, cache)


def test_processes_that_start_at_once_agree_on_one_copy(source, tmp_path):
    code = (
        "import sys; from pathlib import Path; from bertplay.openblas_copy import *;"
        "sys.stdin.readline(); print(openblas_copy(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, source, tmp_path / "cache"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"BERTPLAY_BLAS": "off"},
        )
        for _ in range(3)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    results = [process.communicate(timeout=120) for process in processes]

    assert [stderr for _, stderr in results] == [""] * 3
    assert {stdout.strip() for stdout, _ in results} == {
        str(path) for path in (tmp_path / "cache").iterdir()
    }
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_without_patchelf_the_error_says_so(source, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)

    with pytest.raises(OSError, match="patchelf"):
        openblas_copy(source, tmp_path)


def test_a_failing_patchelf_leaves_nothing_behind(source, tmp_path, monkeypatch):
    failing = tmp_path / "patchelf"
    failing.write_text("#!/bin/sh\necho cannot do that >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setattr("bertplay.openblas_copy._find_patchelf", lambda: failing)

    with pytest.raises(OSError, match="cannot do that"):
        openblas_copy(source, tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []


def test_a_damaged_package_is_named(source, tmp_path):
    damaged = tmp_path / "site" / "scipy_openblas32" / "lib" / source.name
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(source.read_bytes()[:100_000])

    with pytest.raises(OSError, match="is damaged: install scipy-openblas32 again"):
        openblas_copy(damaged, tmp_path / "cache")
