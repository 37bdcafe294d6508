"""Where the real tables and weights lie, for tests that use them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with data/ and models/; tests that ask for it are skipped without it."""
    beside_checkout = Path(__file__).resolve().parents[2].parent / "shared"
    folder = Path(os.environ.get("BERTPLAY_SHARED", beside_checkout))
    if not (folder / "data").is_dir():
        pytest.skip("the real data is not here; BERTPLAY_SHARED names its folder")
    return folder
