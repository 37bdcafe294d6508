"""Loading: every tensor is used or named, and what cannot be loaded is refused with its reason."""

import json
import shutil
from pathlib import Path

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

from bertplay import InputError
from bertplay.encoders import load_encoder

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("config.json", "model.safetensors", "vocab.txt"):
        shutil.copy(TINY / name, tmp_path)
    return tmp_path


def tensors_of(folder: Path) -> dict[str, mx.array]:
    return mx.load(str(folder / "model.safetensors"))


def save(folder: Path, tensors: dict[str, mx.array], name: str = "model.safetensors") -> None:
    mx.eval(tensors)
    mx.save_safetensors(str(folder / name), tensors)


def change_config(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_every_tensor_of_the_file_is_in_the_encoder(folder):
    encoder, _ = load_encoder(folder)
    loaded = dict(tree_flatten(encoder.parameters()))
    stored = tensors_of(folder)
    assert loaded.keys() == stored.keys()
    assert all(mx.array_equal(loaded[name], stored[name]) for name in stored)


def test_a_sharded_model_equals_the_whole_one(folder):
    tensors = tensors_of(folder)
    names = sorted(tensors)
    save(folder, {n: tensors[n] for n in names[::2]}, "model-00001-of-00002.safetensors")
    save(folder, {n: tensors[n] for n in names[1::2]}, "model-00002-of-00002.safetensors")
    files = [f"model-0000{1 + i % 2}-of-00002.safetensors" for i in range(len(names))]
    index = {"weight_map": dict(zip(names, files, strict=True))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model.safetensors").unlink()
    loaded = dict(tree_flatten(load_encoder(folder)[0].parameters()))
    assert all(mx.array_equal(loaded[name], tensors[name]) for name in names)


def test_a_missing_shard_is_named(folder):
    index = {"weight_map": {"a": "model-00001-of-00001.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model-00001-of-00001.safetensors is missing"):
        load_encoder(folder)


def test_a_checkpoint_of_a_task_model_gives_its_encoder(folder):
    tensors = {f"bert.{name}": value for name, value in tensors_of(folder).items()}
    wanted = dict(tensors)
    tensors["classifier.weight"] = mx.zeros((2, 32))
    tensors["cls.predictions.bias"] = mx.zeros(24)
    tensors["bert.embeddings.position_ids"] = mx.zeros((1, 16))
    save(folder, tensors)
    loaded = dict(tree_flatten(load_encoder(folder)[0].parameters()))
    assert {f"bert.{name}" for name in loaded} == set(wanted)


def test_old_names_of_layer_norm_are_understood(folder):
    tensors = tensors_of(folder)
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): value
        for name, value in tensors.items()
    }
    save(folder, old)
    assert dict(tree_flatten(load_encoder(folder)[0].parameters())).keys() == tensors.keys()


def test_an_unknown_tensor_is_named(folder):
    save(folder, tensors_of(folder) | {"encoder.rotary": mx.zeros(3)})
    with pytest.raises(InputError, match=r"not part of this model: encoder.rotary"):
        load_encoder(folder)


def test_a_missing_tensor_is_named(folder):
    tensors = tensors_of(folder)
    del tensors["encoder.layer.1.output.dense.bias"]
    save(folder, tensors)
    with pytest.raises(InputError, match=r"missing: encoder.layer.1.output.dense.bias"):
        load_encoder(folder)


def test_a_tensor_of_another_shape_is_named(folder):
    change_config(folder, intermediate_size=128)
    with pytest.raises(InputError, match=r"intermediate.dense.bias is \(64,\), not \(128,\)"):
        load_encoder(folder)


def test_pickled_weights_are_refused_with_the_reason(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(InputError, match=r"pickled weights.*can run any code"):
        load_encoder(folder)


def test_a_folder_without_weights_is_refused(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"holds no weights: model.safetensors was expected"):
        load_encoder(folder)


@pytest.mark.parametrize("keep", [0, 4, 500, 40_000])
def test_a_truncated_file_is_named(folder, keep):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"model.safetensors is damaged or no safetensors file"):
        load_encoder(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model_type": "t5"},
            "model_type is 't5', which is not supported; bertplay reads bert, ro",
        ),
        ({"model_type": "distil-bert"}, "did you mean 'distilbert'"),
        ({"position_embedding_type": "relative_key"}, "only 'absolute' is supported"),
        ({"hidden_act": "relu"}, "only 'gelu' is supported"),
        ({"num_attention_heads": 5}, "not a multiple of num_attention_heads 5"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        ({"vocab_size": 10}, "the tokenizer has 24 tokens"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(folder, changes, message):
    change_config(folder, **changes)
    with pytest.raises(InputError, match=message):
        load_encoder(folder)


def test_a_config_that_is_no_json_is_refused(folder):
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config.json is not valid JSON"):
        load_encoder(folder)


def test_a_folder_without_config_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"has no config.json"):
        load_encoder(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"there is no such folder"):
        load_encoder(tmp_path / "nothing")


def test_a_repo_that_cannot_be_reached_is_refused(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"the Hugging Face Hub could not be reached"):
        load_encoder("nobody/no-such-model")
