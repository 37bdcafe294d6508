"""What MLflow's local file store holds is what metrics.jsonl has."""

from dataclasses import replace

import pytest
from tracked_runs import quick_options, recorded

from bertplay.training import train

pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'bertplay[mlflow]'")

# MLflow says so of its own file store and of libraries it brings along.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    from mlflow.tracking import MlflowClient

    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", (folder / "store").as_uri())
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        train(replace(quick_options(folder), track=("mlflow",), loss_args={"gamma": 1.0}))
        client = MlflowClient()
        experiment = client.get_experiment_by_name("bertplay")
        (run,) = client.search_runs([experiment.experiment_id])
        names = ("epoch/train_loss", "validation/per_class/don_x27_t know/recall")
        history = {name: client.get_metric_history(run.info.run_id, name) for name in names}
    return folder / "run", run, history


def test_each_epochs_figures_are_there(stored):
    folder, _, history = stored
    lines = recorded(folder)

    found = [(metric.step, metric.value) for metric in history["epoch/train_loss"]]
    assert found == [(line["step"], line["train_loss"]) for line in lines]


def test_a_character_that_mlflow_refuses_stands_as_its_number(stored):
    folder, _, history = stored

    found = [metric.value for metric in history["validation/per_class/don_x27_t know/recall"]]
    classes = [line["validation"]["per_class"]["don't know"] for line in recorded(folder)]
    assert found == [figures["recall"] for figures in classes]


def test_the_run_has_its_name_options_and_end(stored):
    _, run, _ = stored

    assert run.info.run_name == "run"
    assert run.info.status == "FINISHED"
    assert run.data.params["loss_args.gamma"] == "1.0"
    assert run.data.params["epochs"] == "2"
