"""One run that TensorBoard tracked, which the tests only look at."""

import pytest
from tracked_runs import quick_options

from bertplay.training import train


@pytest.fixture(scope="session")
def tracked_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tracked")
    train(quick_options(folder, track="tensorboard"))
    return folder / "run"
