"""Whole runs that train a part of the encoder: what they say, learn and leave."""

import csv

import mlx.core as mx
import numpy as np
import pytest
from small_runs import prepared_from
from tiny_classifier import TINY

import bertplay
from bertplay.encoders import load_encoder
from bertplay.named_arrays import named_arrays
from bertplay.training import SilentView, train

HEAD = 32 * 2 + 2 + 2 * 32  # the linear layer and the norm before it


class PlanView(SilentView):
    """Remembers the plan."""

    def planned(self, plan) -> None:
        self.plan = plan


def rows_of(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def ran(options_for, folder, **changes):
    view = PlanView()
    return train(options_for(output=str(folder), **changes), view), view.plan


def encoder_of(folder) -> dict[str, np.ndarray]:
    encoder, _ = load_encoder(folder)
    return {name: np.array(array) for name, array in named_arrays(encoder.parameters()).items()}


def changed_parts(folder) -> set[str]:
    """The tensors of the encoder that a run has changed."""
    before, after = encoder_of(TINY), encoder_of(folder / "model")
    return {name for name in before if (before[name] != after[name]).any()}


@pytest.mark.parametrize(
    ("changes", "adapters"),
    [
        ({"adapter": "lora"}, 4 * 2 * 8 * 32),
        ({"adapter": "lora", "adapter_rank": 2}, 4 * 2 * 2 * 32),
        ({"adapter": "dora", "adapter_targets": "key"}, 2 * (2 * 8 * 32 + 32)),
        ({"adapter": "none", "freeze": "full"}, 0),
    ],
)
def test_the_plan_and_the_summary_count_what_is_trained(options_for, tmp_path, changes, adapters):
    summary, plan = ran(options_for, tmp_path / "run", **changes)
    whole = sum(array.size for array in encoder_of(TINY).values())
    assert (plan.trainable_parameters, plan.total_parameters) == (
        adapters + HEAD,
        whole + adapters + HEAD,
    )
    assert summary["parameters"] == {
        "trainable": plan.trainable_parameters,
        "total": plan.total_parameters,
    }


def test_quantized_weights_count_as_the_numbers_they_stand_for(options_for, tmp_path):
    _, plan = ran(options_for, tmp_path / "run", quantize=4)
    _, full = ran(options_for, tmp_path / "full")
    assert plan.total_parameters == full.total_parameters


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"freeze": "full"}, set()),
        ({"freeze": "1"}, {"encoder.layer.1."}),
        ({"freeze": "embeddings"}, {"encoder.layer.0.", "encoder.layer.1."}),
        ({"freeze": "none"}, {"embeddings.", "encoder.layer.0.", "encoder.layer.1."}),
    ],
)
def test_a_run_changes_what_is_not_frozen_and_nothing_else(options_for, tmp_path, changes, names):
    ran(options_for, tmp_path / "run", adapter="none", **changes)
    changed = changed_parts(tmp_path / "run")
    prefixes = {
        next(p for p in ("embeddings.", "encoder.layer.0.", "encoder.layer.1.") if n.startswith(p))
        for n in changed
    }
    assert prefixes == names


def test_a_run_with_an_adapter_changes_its_targets_alone(options_for, tmp_path):
    ran(options_for, tmp_path / "run", adapter_targets="value,output.dense")
    assert changed_parts(tmp_path / "run") == {
        f"encoder.layer.{layer}.{path}.weight"
        for layer in range(2)
        for path in ("attention.self.value", "output.dense")
    }


def test_the_model_of_the_run_predicts_what_the_run_predicted(options_for, table, tmp_path):
    """The trained model had adapters on a quantized encoder, the stored one is merged."""
    run = tmp_path / "run"
    ran(options_for, run, adapter="dora", quantize=4)
    predictions = rows_of(run / "predictions.csv")
    texts = {str(n): row["text"] for n, row in enumerate(rows_of(table), start=1)}
    shares = bertplay.load(run).predict_proba([texts[row["id"]] for row in predictions], raw=True)
    wanted = [[float(row["died"]), float(row["survived"])] for row in predictions]
    np.testing.assert_allclose(shares, wanted, atol=1e-5)


def test_the_same_seed_gives_the_same_bits(options_for, tmp_path):
    options = {"adapter": "lora", "adapter_dropout": 0.2}
    for name in ("one", "same"):
        ran(options_for, tmp_path / name, **options)
    one, same = (
        mx.load(str(tmp_path / n / "model" / "model.safetensors")) for n in ("one", "same")
    )
    assert all(mx.array_equal(one[name], same[name]) for name in one)


@pytest.mark.parametrize(
    "change",
    [
        {"adapter": "dora"},
        {"adapter_rank": 4},
        {"adapter_alpha": 64.0},
        {"adapter_dropout": 0.5},
        {"adapter_targets": "key"},
        {"quantize": 8},
        {"freeze": "embeddings"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_option_changes_what_is_learned(options_for, tmp_path, change):
    one, other = (
        train(options_for(output=str(tmp_path / name), **changed))["validation"]["log_loss"]
        for name, changed in (("plain", {}), ("changed", change))
    )
    assert one != other


def test_a_head_has_the_same_first_weights_with_an_adapter_and_without(options_for):
    heads = []
    for adapter in ("lora", "none"):
        prepared = prepared_from(options_for(adapter=adapter))
        heads.append(np.array(prepared.classifier.model.head.output.weight))
    np.testing.assert_array_equal(*heads)


def test_a_run_with_an_adapter_leaves_it_beside_the_model(options_for, tmp_path):
    ran(options_for, tmp_path / "run", adapter="lora")
    adapted, merged = (bertplay.load(tmp_path / "run" / name) for name in ("adapter", "model"))
    texts = ["the women first class", "a men third ship"]
    shares = [classifier.predict_proba(texts) for classifier in (adapted, merged)]
    np.testing.assert_allclose(*shares, atol=1e-5)


def test_a_run_without_an_adapter_leaves_none(options_for, tmp_path):
    ran(options_for, tmp_path / "run", adapter="none")
    assert not (tmp_path / "run" / "adapter").exists()
