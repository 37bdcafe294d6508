"""Fresh interpreters, as what happens at import can be seen only once in a process."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def run_python() -> RunPython:
    """Run code in a fresh interpreter; keyword arguments are environment variables."""

    def run(
        code: str, *, cwd: Path | None = None, check: bool = True, **variables: str | Path
    ) -> "subprocess.CompletedProcess[str]":
        hidden = ("BERTPLAY_BLAS", "PYTHONPATH", "PYTHONWARNINGS", "LD_PRELOAD")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        environment |= {name: str(value) for name, value in variables.items()}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def installed() -> None:
    """Skip where bertplay is not installed, so that it can be imported from the root only."""
    elsewhere = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
    if not any(found.name == "bertplay" for found in distributions(path=elsewhere)):
        pytest.skip("needs bertplay installed: pip install -e '.[dev]'")
