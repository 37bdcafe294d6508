"""A run whose frozen layers run once ends as one in which they run in every step."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_resuming_a_run import unfinished
from test_whole_run import tensors_of, without_times

import bertplay
from bertplay.encoders.bert import Layer
from bertplay.training import SilentView, train

ROWS = (
    "the women first class women ship the,survived",
    "a women first ship,survived",
    "the men third class class,died",
    "a men third ship women ship the,died",
    "the men third ship,died",
    "the women class first,survived",
    "a men first class third,died",
)

# AdamW makes a large step of a gradient that is nothing but rounding, as that of the keys' biases.
SGD = {"optimizer": "sgd", "optimizer_args": {"momentum": 0.9}, "lr": 0.05}


class PlanView(SilentView):
    """Remembers the plan."""

    def planned(self, plan) -> None:
        self.plan = plan


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """40 rows of several lengths."""
    path = tmp_path_factory.mktemp("lengths") / "passengers.csv"
    path.write_text("\n".join(["text,label", *(ROWS[row % 7] for row in range(40))]) + "\n")
    return path


def both(options, folder, **changes):
    """The folders of a run with kept features and one without, which differ in nothing else."""
    folders = folder / "cached", folder / "uncached"
    for place, cache in zip(folders, (True, False), strict=True):
        train(replace(options, **changes, cache_frozen=cache, output=str(place)))
    return folders


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def probabilities_of(folder):
    return pd.read_csv(folder / "predictions.csv")[["died", "survived"]].to_numpy()


def assert_same_to_rounding(one, other):
    losses = [[line["train_loss"] for line in without_times(folder)] for folder in (one, other)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert losses[0][0] != losses[0][1]
    probabilities = [probabilities_of(folder) for folder in (one, other)]
    assert np.abs(probabilities[0] - probabilities[1]).max() < 1e-5


def assert_same_weights(one, other):
    tensors = [tensors_of(folder / "model") for folder in (one, other)]
    for name, values in tensors[0].items():
        assert abs(values - tensors[1][name]).max().item() < 1e-5, name


@pytest.mark.parametrize(
    ("freeze", "pooling", "dropout"),
    [
        *(("full", pooling, 0.0) for pooling in ("cls", "mean", "max", "attention")),
        ("1", "mean", 0.0),
        ("embeddings", "mean", 0.0),
        ("full", "mean", 0.3),
        ("1", "mean", 0.3),
    ],
)
def test_it_learns_the_same(options, tmp_path, freeze, pooling, dropout):
    """With dropout in the head and the layers above, too: a frozen part draws nothing."""
    changes = {"freeze": freeze, "pooling": pooling, "dropout": dropout}
    one, other = both(options, tmp_path, **SGD, **changes)
    assert_same_to_rounding(one, other)
    assert_same_weights(one, other)


@pytest.mark.parametrize("freeze", ["full", "1"])
@pytest.mark.parametrize(
    "changes",
    [
        {"r_drop": 1.0},
        {"accumulate": 2, "batch_size": 4},
        {"ema": 0.9},
        {"gradient_checkpointing": True},
        {"max_tokens": 48},
        {"sampling": "balanced", "loss": "adaptive"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_it_learns_the_same_with_what_changes_a_step(options, tmp_path, freeze, changes):
    assert_same_to_rounding(*both(options, tmp_path, freeze=freeze, **changes))


@pytest.mark.parametrize("stages", ["1:full 2:1 3:none", "1:none 2:full", "1:1 3:full"])
@pytest.mark.parametrize("average", [{}, {"ema": 0.9}], ids=["last", "ema"])
def test_it_learns_the_same_while_layers_are_unfrozen_or_frozen(options, tmp_path, stages, average):
    one, other = both(options, tmp_path, **SGD, epochs=3, unfreeze=stages, **average)
    assert_same_to_rounding(one, other)
    assert_same_weights(one, other)


def test_features_are_computed_in_float32_and_read_in_the_precision_of_the_steps(options, tmp_path):
    one, other = both(options, tmp_path, **SGD, freeze="1", precision="bfloat16")
    probabilities = [probabilities_of(folder) for folder in (one, other)]
    assert np.abs(probabilities[0] - probabilities[1]).max() < 5e-3


@pytest.mark.parametrize(
    ("changes", "layers"),
    [
        ({"freeze": "full"}, 0),
        ({"freeze": "1"}, 1),
        ({"freeze": "full", "cache_frozen": False}, 2),
        ({"freeze": "embeddings"}, 2),
    ],
)
def test_steps_and_evaluations_run_only_layers_that_have_not_run_once(
    options, monkeypatch, changes, layers
):
    """Counted where they are traced, from the end of the one pass on."""
    traced = []
    forward = Layer.__call__

    def counted(layer, *inputs):
        traced.append(id(layer))
        return forward(layer, *inputs)

    class Watch(SilentView):
        def cached(self, rows, total):
            if rows == total:
                traced.clear()

    monkeypatch.setattr(Layer, "__call__", counted)
    train(replace(options, **changes), Watch())
    assert len(set(traced)) == layers


def test_plan_and_summary_say_what_is_kept(options):
    view = PlanView()
    summary = train(replace(options, freeze="full", pooling="mean"), view)
    size = 40 * 32 * 4  # a vector of 32 numbers for each row, to learn from and to validate on
    assert view.plan.features.size == size
    assert not view.plan.features.in_file
    assert summary["frozen_features"]["bytes"] == size
    assert 0 < summary["frozen_features"]["seconds"] < summary["total_seconds"]


def test_plan_and_summary_are_silent_where_nothing_is_kept(options):
    view = PlanView()
    summary = train(replace(options, freeze="full", cache_frozen=False), view)
    assert view.plan.features is None
    assert "frozen_features" not in summary


def test_test_rows_are_predicted_by_the_whole_model(options, tmp_path):
    """They are read once anyhow, so nothing is kept of them."""
    changes = {"data": None, "task": "emotion", "epochs": 1, "batch_size": 128, "freeze": "full"}
    one, other = (summary_of(folder)["test"] for folder in both(options, tmp_path, **changes))
    assert one["log_loss"] == pytest.approx(other["log_loss"], abs=1e-5)


@pytest.mark.parametrize(
    "changes", [{"freeze": "full"}, {"freeze": "1"}, {"unfreeze": "1:full 2:1"}]
)
def test_a_resumed_run_ends_with_the_same_bits(options, tmp_path, changes):
    whole = tmp_path / "run"
    train(replace(options, **changes, checkpoint_every=3))
    for states in range(2):
        folder = unfinished(whole, tmp_path / f"unfinished-{states}")
        if states == 1:  # none: it starts from the beginning
            shutil.rmtree(folder / "checkpoints")
        bertplay.resume(folder)
        assert without_times(folder) == without_times(whole)
        for name in ("predictions.csv", "model/model.safetensors"):
            assert (folder / name).read_bytes() == (whole / name).read_bytes()
