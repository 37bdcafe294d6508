"""What the built wheel holds, and that it works where it is put."""

import json
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pytest

PARTS = ("bertplay", "cli", "data", "heads", "losses", "tests")
FILES = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="session")
def wheel(root, tmp_path_factory):
    """The wheel of this checkout, built in a copy, as a build leaves files beside the sources."""
    try:
        old = int(version("setuptools").split(".")[0]) < 77
    except PackageNotFoundError:
        old = True
    if old or find_spec("build") is None:
        pytest.skip("needs the packages build and setuptools>=77")
    if not (root / "pyproject.toml").is_file():
        pytest.skip("needs the checkout")
    copy = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        shutil.copytree(root / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(root / file, copy)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "dist"],
        cwd=copy,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (copy / "dist").iterdir()
    return built


@pytest.fixture(scope="session")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_it_installs_one_top_level_name(names):
    tops = {name.split("/")[0] for name in names}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"bertplay"}


def test_it_holds_every_python_file_of_the_rooms(names, root):
    mapped = {"bertplay": "bertplay"} | {room: f"bertplay/{room}" for room in PARTS[1:-1]}
    expected = {
        f"{target}/{file.relative_to(root / folder).as_posix()}"
        for folder, target in mapped.items()
        for file in (root / folder).rglob("*.py")
    }

    assert expected - set(names) == set()


def test_it_holds_the_passengers_and_the_marker_for_types(names):
    assert {"bertplay/data/titanic_passengers.csv", "bertplay/py.typed"} <= set(names)


@pytest.mark.parametrize("package", ["export", "report"])
def test_it_holds_the_templates_of_a_package(names, root, package):
    templates = (root / "bertplay" / package / "templates").iterdir()

    assert {f"bertplay/{package}/templates/{file.name}" for file in templates} <= set(names)


def test_it_holds_no_tests(names):
    assert [name for name in names if "test" in name] == []


@pytest.fixture(scope="session")
def plain_install(wheel, tmp_path_factory):
    """The folder of `pip install --target`: no links back to the checkout."""
    folder = tmp_path_factory.mktemp("target")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", folder, wheel], check=True, capture_output=True)
    return folder


IMPORT = (
    "import bertplay.losses, json; print(json.dumps([bertplay.__file__, bertplay.losses.__file__]))"
)


@pytest.mark.parametrize("folder", ["docs", "losses", "elsewhere"])
def test_a_plain_install_is_imported_whole(run_python, root, plain_install, tmp_path, folder):
    cwd = tmp_path if folder == "elsewhere" else root / folder
    if not cwd.is_dir():
        pytest.skip(f"this checkout has no {folder}")

    files = json.loads(run_python(IMPORT, cwd=cwd, PYTHONPATH=plain_install).stdout)

    assert all(Path(file).is_relative_to(plain_install) for file in files)


def test_in_the_root_the_checkout_is_imported_whole(run_python, root, plain_install):
    """Python finds the local folder first: what lies beside it must come from there too."""
    files = json.loads(run_python(IMPORT, cwd=root, PYTHONPATH=plain_install).stdout)

    assert [Path(file).parent for file in files] == [root / "bertplay", root / "losses"]
