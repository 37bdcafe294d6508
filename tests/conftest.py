"""What every test shares: which bertplay is tested, and where the real data lies."""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# `python -m pytest` puts the checkout's root first on the path, where its folder `bertplay` would
# be found before an installed package: what users get is what is tested, where it is installed.
_without_root = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
if PathFinder.find_spec("bertplay", _without_root) is not None:
    sys.path[:] = _without_root

# Of several workers each has a core of its own; set before the BLAS is loaded.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import bertplay  # noqa: E402 - before mlx.core, and after the path is settled


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Random numbers are those of a seed, and not what a trace that failed has left behind."""
    import mlx.core as mx

    mx.random.seed(0)


def pytest_report_header() -> str:
    """Name the files under test at the top of the run."""
    return f"bertplay: {Path(bertplay.__file__).parent}"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real data and weights, which is not part of the repository."""
    folder = Path(os.environ.get("BERTPLAY_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("needs the real data: set BERTPLAY_SHARED to its folder")
    return folder
