"""The version is said alike wherever it stands."""

from pathlib import Path

import pytest
import yaml

from bertplay import __version__

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_citation_has_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))

    assert citation["version"] == __version__
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


@pytest.mark.parametrize(
    "file", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda file: file.name
)
def test_what_github_reads_is_well_formed(file):
    assert yaml.safe_load(file.read_text(encoding="utf-8"))
