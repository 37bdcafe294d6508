"""A table of reviews that the tests of this folder train on."""

from pathlib import Path

import pytest
from quick_reviews import write_reviews


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table."""
    return write_reviews(tmp_path_factory.mktemp("table") / "reviews.csv")
