"""Models of every kind of head, exported once."""

import pytest
from tiny_classifiers import HEADS, TRANSFORMERS, tiny_run

from bertplay.export.writing import ExportSettings, export_run


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A run for each kind of head, by its name."""
    place = tmp_path_factory.mktemp("runs")
    return {
        name: tiny_run(place / str(number), options)
        for number, (name, options) in enumerate(HEADS.items())
    }


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A run whose head transformers has a class for, with the checkpoint's pooler beside it."""
    return tiny_run(tmp_path_factory.mktemp("runs") / "run", TRANSFORMERS, pooler=True)


@pytest.fixture(scope="session")
def exported(run, tmp_path_factory):
    """The folder that `--format hf` makes of it."""
    folder = tmp_path_factory.mktemp("exported") / "model"
    export_run(run, folder, ExportSettings(license_id="mit"))
    return folder
