"""Adapters in PEFT's layout: its names, its arithmetic, and the same states where it runs."""

import json
import re
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import load_file
from tiny_classifiers import CLASSES, FAMILIES, FAMILY_FOLDER, HEADS, TINY, classifier_of

from bertplay import load_adapter
from bertplay.adapters.adding import adapter_arrays, add_adapters
from bertplay.adapters.folder import origin_of
from bertplay.adapters.merging import merged_arrays
from bertplay.adapters.settings import ALL_LINEAR, AdapterSettings
from bertplay.classifier import save_adapter
from bertplay.data.errors import InputError
from bertplay.encoders.quantization import Quantization
from bertplay.encoders.quantizing import quantize_linears
from bertplay.export.peft_folder import write_peft_folder
from bertplay.export.writing import ExportSettings, export_run

RECORDED = Path(__file__).parent.parent / "fixtures" / "peft_names.json"
KINDS = ("lora", "dora")


def adapted_run(
    folder: Path,
    kind: str,
    *,
    bits: int = 0,
    backbone: Path = TINY,
    targets: tuple[str, ...] = ("query", "output.dense"),
) -> Path:
    """A run with an adapter whose weights are not the first ones."""
    settings = AdapterSettings(kind, rank=4, alpha=12, targets=targets)
    classifier = classifier_of(backbone, HEADS["mean"], pooler=True)
    if bits:
        quantize_linears(classifier.encoder, Quantization(bits, 32))
    add_adapters(classifier.encoder, settings)
    arrays = sorted(adapter_arrays(classifier.encoder).items())
    keys = mx.random.split(mx.random.key(5), len(arrays))
    changed = [
        (name, array + 0.3 * mx.random.normal(array.shape, key=key))
        for (name, array), key in zip(arrays, keys, strict=True)
    ]
    classifier.encoder.load_weights(changed, strict=False)
    save_adapter(classifier, folder / "adapter", origin_of(settings, bits, str(backbone)))
    return folder


@pytest.fixture(scope="module")
def adapted(tmp_path_factory):
    """A run with an adapter of each kind."""
    return {kind: adapted_run(tmp_path_factory.mktemp(kind) / "run", kind) for kind in KINDS}


@pytest.fixture(scope="module")
def exported(adapted, tmp_path_factory):
    """Its export."""
    folders = {}
    for kind, run in adapted.items():
        folders[kind] = tmp_path_factory.mktemp(kind) / "out"
        export_run(run, folders[kind], ExportSettings("peft"))
    return folders


@pytest.mark.parametrize("kind", KINDS)
def test_tensors_have_the_names_and_shapes_of_peft(exported, kind):
    tensors = load_file(exported[kind] / "adapter_model.safetensors")

    recorded = json.loads(RECORDED.read_text())[kind]["tensors"]
    assert {name: list(tensor.shape) for name, tensor in tensors.items()} == recorded


@pytest.mark.parametrize("kind", KINDS)
def test_the_config_has_no_key_that_peft_lacks(exported, kind):
    config = json.loads((exported[kind] / "adapter_config.json").read_text())

    assert set(config) - set(json.loads(RECORDED.read_text())[kind]["config"]) == set()
    assert (config["r"], config["lora_alpha"], config["use_dora"]) == (4, 12, kind == "dora")


@pytest.mark.parametrize("kind", KINDS)
def test_its_targets_are_the_adapted_maps_and_no_others(exported, adapted, kind):
    config = json.loads((exported[kind] / "adapter_config.json").read_text())
    names = adapter_arrays(load_adapter(adapted[kind]).encoder)

    every = merged_arrays(load_adapter(adapted[kind]).encoder)
    maps = {name.removesuffix(".weight") for name in every if name.endswith(".weight")}
    chosen = {name for name in maps if re.fullmatch(config["target_modules"], name)}
    assert chosen == {name.rpartition(".")[0] for name in names}
    assert "encoder.layer.0.attention.output.dense" not in chosen


@pytest.mark.parametrize("kind", KINDS)
def test_pefts_equation_gives_the_merged_weights(exported, adapted, kind):
    tensors = load_file(exported[kind] / "adapter_model.safetensors")
    plain = load_file(exported[kind] / "backbone" / "model.safetensors")
    merged = merged_arrays(load_adapter(adapted[kind]).encoder)

    for path in ("encoder.layer.0.attention.self.query", "encoder.layer.1.output.dense"):
        a, b = (tensors[f"base_model.model.{path}.lora_{n}.weight"] for n in "AB")
        weight = plain[f"{path}.weight"] + 12 / 4 * b.astype(np.float64) @ a
        if kind == "dora":
            length = np.linalg.norm(weight, axis=1, keepdims=True)
            magnitude = tensors[f"base_model.model.{path}.lora_magnitude_vector"]
            weight = magnitude[:, None] * weight / length
        np.testing.assert_allclose(np.array(merged[f"{path}.weight"]), weight, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_peft_puts_it_on_every_family(family, tmp_path):
    for package in ("peft", "transformers", "torch"):
        pytest.importorskip(package)
    backbone = FAMILY_FOLDER / family
    run = adapted_run(tmp_path / "run", "dora", backbone=backbone, targets=(ALL_LINEAR,))

    (check,) = export_run(run, tmp_path / "out", ExportSettings("peft")).checks

    assert check.difference <= 1e-4


def test_head_and_classes_lie_beside(exported):
    folder = exported["lora"]

    described = json.loads((folder / "bertplay_head.json").read_text())

    assert described["head"]["pooling"] == "mean"
    assert described["id2label"]["0"] == CLASSES[0]
    assert load_file(folder / "bertplay_head.safetensors")["output.weight"].shape == (3, 32)
    assert {file.name for file in folder.iterdir()} == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "backbone",
        "bertplay_head.json",
        "bertplay_head.safetensors",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_a_backbone_of_the_hub_is_named_and_not_copied(adapted, tmp_path):
    run, folder = tmp_path / "run", tmp_path / "out"
    (run / "adapter").mkdir(parents=True)
    folder.mkdir()
    described = json.loads((adapted["lora"] / "adapter" / "adapter.json").read_text())
    described["backbone"]["name"] = "someone/an-encoder"
    (run / "adapter" / "adapter.json").write_text(json.dumps(described))

    write_peft_folder(folder, run, load_adapter(adapted["lora"]))

    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "someone/an-encoder"
    assert not (folder / "backbone").exists()


def test_a_quantized_backbone_is_refused_and_nothing_written(tmp_path):
    run = adapted_run(tmp_path / "run", "lora", bits=8)

    with pytest.raises(InputError, match="export it with --format hf"):
        export_run(run, tmp_path / "out", ExportSettings("peft"))
    assert not (tmp_path / "out").exists()


def test_no_folder_of_the_machine_is_named(exported):
    for file in exported["lora"].glob("*.json"):
        assert str(TINY) not in file.read_text()


@pytest.mark.filterwarnings("ignore::FutureWarning:transformers")
@pytest.mark.parametrize("kind", KINDS)
def test_the_cards_code_gives_the_models_probabilities(
    kind, exported, adapted, monkeypatch, capsys
):
    pytest.importorskip("torch")
    pytest.importorskip("peft")
    folder = exported[kind]
    page = (folder / "README.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict = {"__name__": "example"}

    exec(code, names)

    classifier = load_adapter(adapted[kind])
    expected = classifier.predict_proba(names["texts"])
    np.testing.assert_allclose(names["logits"].softmax(-1).numpy(), expected, atol=1e-4)
    # The backbone alone gives others: the adapter is on.
    plain = classifier_of(TINY, HEADS["mean"]).predict_proba(names["texts"])
    assert np.abs(plain - expected).max() > 1e-2
    assert classifier.predict(names["texts"])[0] in capsys.readouterr().out
    assert "from those of peft" in page
