"""Several tasks on a frozen encoder, which runs once."""

import json

import mlx.core as mx
import pytest
from small_tasks import RecordingView, task_options

from bertplay.training import train


def figures_of(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line["train_loss"] for line in lines]


@pytest.mark.parametrize(
    ("freeze", "weighting"),
    [("full", "fixed"), ("full", "gradients"), ("1", "uncertainty"), ("1", "gradients")],
)
def test_they_learn_the_same(table, tmp_path, freeze, weighting):
    folders, plans = (tmp_path / "cached", tmp_path / "run"), []
    for folder in folders:
        view, cache = RecordingView(), folder.name == "cached"
        changes = {"freeze": freeze, "task_weighting": weighting, "pooling": "mean"}
        # AdamW makes a large step of a gradient that is nothing but rounding.
        changes |= {"optimizer": "sgd", "lr": 0.05}
        train(task_options(table, folder, cache_frozen=cache, **changes), view)
        plans += view.plans
    assert plans[0].features.size > 0
    assert plans[1].features is None
    losses = [figures_of(folder) for folder in folders]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    one, other = (mx.load(str(folder / "model" / "model.safetensors")) for folder in folders)
    for name, values in one.items():
        assert abs(values - other[name]).max().item() < 1e-5, name
