"""bertplay is imported everywhere a user may stand, and loads no more than it needs."""

import json
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

import bertplay
import bertplay.losses

ROOMS = ("bertplay", "bertplay.cli", "bertplay.data", "bertplay.heads", "bertplay.losses")
IMPORT_ALL = (
    "import importlib, json;"
    f"modules = [importlib.import_module(name) for name in {ROOMS}];"
    "print(json.dumps([module.__file__ for module in modules]))"
)
HEAVY = {"transformers", "torch", "pandas", "sklearn", "tokenizers", "huggingface_hub", "rich"}


def test_the_tests_run_against_the_installed_package(root):
    """A checkout without an install, or an editable one, is tested as it lies."""
    elsewhere = [entry for entry in sys.path if Path(entry or ".").resolve() != root]
    found = [found for found in distributions(path=elsewhere) if found.name == "bertplay"]
    editable = found and '"editable": true' in (found[0].read_text("direct_url.json") or "")
    if found and not editable:
        expected = Path(str(found[0].locate_file("bertplay"))).resolve()
        losses = expected / "losses"
    else:
        expected, losses = root / "bertplay", root / "losses"

    assert Path(bertplay.__file__).parent == expected
    assert Path(bertplay.losses.__file__).parent == losses


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "folder", [".", "bertplay", "cli", "data", "docs", "heads", "losses", "tests"]
)
def test_every_room_is_imported_from_a_folder_of_the_checkout(run_python, root, folder):
    if not (root / folder).is_dir():
        pytest.skip(f"this checkout has no {folder}")

    run_python(IMPORT_ALL, cwd=root / folder)


@pytest.mark.usefixtures("installed")
def test_every_room_is_imported_from_elsewhere(run_python, tmp_path):
    run_python(IMPORT_ALL, cwd=tmp_path)


def test_every_room_is_imported_in_a_checkout_without_an_install(run_python, root, tmp_path):
    """Only the root is on the path, as with `python -m pytest` in a fresh clone."""
    nothing_installed = (
        "import sys; sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)];"
    )

    done = run_python(nothing_installed + IMPORT_ALL, cwd=tmp_path, PYTHONPATH=root)

    folders = [Path(file).parent for file in json.loads(done.stdout)]
    assert folders == [root / name for name in ("bertplay", "cli", "data", "heads", "losses")]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("room", ["bertplay", "bertplay.losses", "bertplay.heads"])
def test_importing_a_room_loads_no_heavy_library(run_python, tmp_path, room):
    code = f"import {room}, json, sys; print(json.dumps(sorted(sys.modules)))"

    loaded = set(json.loads(run_python(code, cwd=tmp_path).stdout))

    assert loaded & HEAVY == set()


@pytest.mark.usefixtures("installed")
def test_help_loads_neither_mlx_nor_a_heavy_library(run_python, tmp_path):
    code = (
        "import atexit, json, sys; sys.argv = ['bertplay', '--help'];"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr));"
        "from bertplay.cli import main; main()"
    )

    done = run_python(code, cwd=tmp_path)

    assert "train" in done.stdout
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert loaded & (HEAVY | {"mlx.core", "numpy"}) == set()
