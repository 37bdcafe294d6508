"""An adapter on disk: small, tied to its backbone, and the same model again when it is loaded."""

import hashlib
import json
import shutil
from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
from small_runs import TASKS
from tiny_classifier import TINY, bits_of

import bertplay
from bertplay.adapters.adding import adapter_arrays
from bertplay.adapters.folder import read_origin
from bertplay.classifier import save, save_adapter
from bertplay.data.errors import InputError
from bertplay.decisions.calibrations import TemperatureScaling
from bertplay.decisions.decisions import Decisions
from bertplay.decisions.rules import WeightedClasses
from bertplay.encoders import load_encoder

TEXTS = ("the women survived", "men of the third class", "", "a child, a ship and the sea")


@pytest.fixture
def adapter(saved, tmp_path):
    """A copy of the adapter that a test may damage."""
    return shutil.copytree(saved.folder / "adapter", tmp_path / "adapter")


def refusal(folder, backbone=None) -> str:
    with pytest.raises(InputError) as caught:
        bertplay.load_adapter(folder, backbone)
    message = str(caught.value)
    assert "\n" not in message
    return message


def change_description(folder, change) -> None:
    path = folder / "adapter.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"adapter": "dora", "adapter_targets": "all-linear"},
        {"adapter_rank": 2, "adapter_alpha": 1.0, "adapter_dropout": 0.5},
        {"quantize": 8},
        {"quantize": 4, "adapter": "dora"},
    ],
    ids=lambda changes: " ".join(map(str, changes.values())) or "lora",
)
def test_adapter_and_backbone_predict_what_the_merged_model_of_the_run_does(saved_run, changes):
    run = saved_run(**changes)
    merged = bertplay.load(run.folder)
    adapted = bertplay.load_adapter(run.folder / "adapter")

    shares = adapted.predict_proba(TEXTS)

    np.testing.assert_allclose(shares, merged.predict_proba(TEXTS), atol=1e-5)
    assert shares.std(axis=0).max() > 1e-3
    assert adapter_arrays(adapted.encoder)
    assert not adapter_arrays(merged.encoder)
    assert (adapted.task, adapted.max_length) == (merged.task, merged.max_length)


def test_a_loaded_adapter_has_the_bits_of_the_saved_one(saved):
    loaded = bertplay.load_adapter(saved.folder)
    expected = saved.prepared.classifier
    assert bits_of(adapter_arrays(loaded.encoder)) == bits_of(adapter_arrays(expected.encoder))
    assert not loaded.model.training


def test_the_folder_of_an_adapter_is_loaded_like_a_model(saved):
    one, same = bertplay.load(saved.folder / "adapter"), bertplay.load_adapter(saved.folder)
    assert one.predict_proba(TEXTS).tobytes() == same.predict_proba(TEXTS).tobytes()


def test_an_adapter_decides_as_the_classifier_did_that_was_saved(saved, tmp_path):
    classifier = bertplay.load_adapter(saved.folder)
    decisions = Decisions(
        classifier.classes, 80, TemperatureScaling(0.5), WeightedClasses("macro_f1", (0.1, 0.9))
    )

    save_adapter(
        replace(classifier, decisions=decisions),
        tmp_path / "adapter",
        read_origin(saved.folder),
    )

    loaded = bertplay.load_adapter(tmp_path / "adapter")
    assert loaded.decisions == decisions
    assert loaded.predict(TEXTS) == [loaded.classes[1]] * len(TEXTS)


def test_several_tasks_have_an_adapter_too(saved_run):
    run = saved_run(tasks=TASKS)
    merged = bertplay.load_multi_task(run.folder).predict_outputs(TEXTS)
    adapted = bertplay.load_adapter(run.folder / "adapter").predict_outputs(TEXTS)
    assert adapted.keys() == TASKS.keys()
    for task, outputs in adapted.items():
        np.testing.assert_allclose(outputs, merged[task], atol=1e-5)


def test_only_adapter_and_head_are_stored(saved):
    names = mx.load(str(saved.folder / "adapter" / "adapter.safetensors"))
    assert {name.split(".")[0] for name in names} == {"bert", "head"}
    of_encoder = [name for name in names if name.startswith("bert.")]
    assert all(name.endswith((".lora_a", ".lora_b")) for name in of_encoder)
    assert len(of_encoder) == 2 * 2 * 2


def test_the_description_says_what_the_adapter_is_and_what_it_belongs_to(saved):
    values = json.loads((saved.folder / "adapter" / "adapter.json").read_text())
    weights = (TINY / "model.safetensors").read_bytes()
    assert values["adapter"] == {
        "kind": "lora",
        "rank": 8,
        "alpha": 16.0,
        "dropout": 0.0,
        "targets": ["query", "value"],
    }
    assert values["backbone"] == {
        "name": str(TINY.resolve()),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    assert values["quantize"] == 0
    assert values["bertplay"]["task"]["classes"] == ["died", "survived"]


def test_the_merged_model_is_a_plain_encoder_to_others(saved):
    encoder, _ = load_encoder(saved.folder / "model")
    plain, _ = load_encoder(TINY)
    assert bits_of(encoder.parameters()).keys() == bits_of(plain.parameters()).keys()


def test_an_adapter_that_is_loaded_can_be_merged(saved, tmp_path):
    save(bertplay.load_adapter(saved.folder), tmp_path / "merged")
    shares = bertplay.load(tmp_path / "merged").predict_proba(TEXTS)
    np.testing.assert_allclose(shares, bertplay.load(saved.folder).predict_proba(TEXTS), atol=1e-6)


def test_without_an_adapter_nothing_is_written(saved_run):
    run = saved_run(adapter="none", freeze="full")
    assert [path.name for path in run.folder.iterdir()] == ["model"]


def test_a_backbone_that_was_moved_can_be_named(saved, adapter, tmp_path):
    moved = shutil.copytree(TINY, tmp_path / "moved")
    change_description(adapter, lambda values: values["backbone"].update(name="./nowhere"))
    assert "./nowhere" in refusal(adapter)
    shares = bertplay.load_adapter(adapter, moved).predict_proba(TEXTS)
    assert shares.tobytes() == bertplay.load_adapter(saved.folder).predict_proba(TEXTS).tobytes()


def test_a_backbone_with_other_weights_is_refused(adapter, tmp_path):
    other = shutil.copytree(TINY, tmp_path / "other")
    weights = dict(mx.load(str(other / "model.safetensors")))
    mx.eval(weights)
    weights["embeddings.LayerNorm.bias"] += 1
    mx.save_safetensors(str(other / "model.safetensors"), weights)
    message = refusal(adapter, other)
    assert message.startswith(f"{adapter} was trained on other weights than {other} has")


def test_a_folder_without_an_adapter_is_named(tmp_path):
    assert refusal(tmp_path).startswith(f"{tmp_path} holds no adapter")


def test_missing_tensors_are_named(adapter):
    path = adapter / "adapter.safetensors"
    tensors = dict(mx.load(str(path)))
    mx.eval(tensors)
    removed = next(name for name in tensors if name.endswith("lora_b"))
    del tensors[removed]
    mx.save_safetensors(str(path), tensors)
    message = refusal(adapter)
    assert "does not fit the model in adapter.json" in message
    assert f"missing: {removed.removeprefix('bert.')}" in message


def test_truncated_weights_are_named(adapter):
    path = adapter / "adapter.safetensors"
    path.write_bytes(path.read_bytes()[:500])
    assert refusal(adapter).startswith(f"{path} is damaged")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("adapter", {"kind": "lora"}),
        ("adapter", {"targets": ["query"], "rank": 0}),
        ("backbone", {"name": "mini"}),
        ("quantize", "some"),
        ("bertplay", {"task": None}),
        ("bertplay", 3),
    ],
)
def test_a_description_with_a_wrong_part_is_named(adapter, part, value):
    change_description(adapter, lambda values: values.update({part: value}))
    assert str(adapter / "adapter.json") in refusal(adapter)
