"""`bertplay backbones`: what is known, what this machine has, and encoders compared."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from bertplay.data.errors import InputError
from bertplay.encoders import loading
from bertplay.encoders.known import KNOWN_ENCODERS

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
ONE_EPOCH = ("--epochs", "1", "--max-length", "8", "--seeds", "2", "--freeze", "full")


@pytest.fixture(autouse=True)
def hub_cache(tmp_path, monkeypatch):
    """An empty cache of the Hub in place of the machine's; the network must not be asked."""
    cache = tmp_path / "hub"
    cache.mkdir()
    monkeypatch.setattr("huggingface_hub.utils._cache_manager.HF_HUB_CACHE", str(cache))

    def refused(repo):
        raise InputError(f"{repo} would be downloaded")

    monkeypatch.setattr(loading, "_download", refused)
    return cache


def downloaded(cache, name, **config):
    """A model in the cache as the Hub's library lays it out."""
    snapshot = cache / f"models--{name.replace('/', '--')}" / "snapshots" / "0123abc"
    shutil.copytree(TINY, snapshot)
    values = json.loads((snapshot / "config.json").read_text())
    (snapshot / "config.json").write_text(json.dumps({**values, **config}))
    return snapshot


def on_disk(result):
    assert result.exit_code == 0, result.stderr
    return {encoder["name"]: encoder for encoder in json.loads(result.stdout)["on_disk"]}


def test_the_list_has_what_is_known_and_what_is_there(bertplay, folder, hub_cache):
    downloaded(hub_cache, "someone/tiny")
    result = bertplay("backbones")
    assert result.exit_code == 0, result.stderr
    for encoder in KNOWN_ENCODERS:
        assert encoder.name in result.stdout
        assert encoder.source
    assert "mini " in result.stdout
    assert "someone/tiny " in result.stdout


def test_without_a_cache_there_is_bertplays_own_encoder(bertplay, folder, hub_cache):
    hub_cache.rmdir()
    assert list(on_disk(bertplay("backbones", "--json"))) == ["mini"]


def test_parameters_are_those_of_the_files(bertplay, folder):
    found = on_disk(bertplay("backbones", "--folder", TINY, "--json"))
    tensors = load_file(TINY / "model.safetensors")
    numbers = sum(t.size for name, t in tensors.items() if "position_ids" not in name)
    assert found[str(TINY)]["parameters"] == numbers
    sizes = json.loads((TINY / "config.json").read_text())
    assert found[str(TINY)]["hidden_size"] == sizes["hidden_size"]
    assert found[str(TINY)]["layers"] == sizes["num_hidden_layers"]


def test_the_models_in_a_folder_are_listed_but_for_families_that_are_not_read(
    bertplay, folder, hub_cache
):
    for name in ("one", "two"):
        shutil.copytree(TINY, folder / "models" / name)
    (folder / "models" / "notes").mkdir()
    (folder / "models" / "readme.txt").write_text("mine")
    downloaded(hub_cache, "someone/chat", model_type="llama")
    found = on_disk(bertplay("backbones", "--folder", "models", "--json"))
    assert list(found) == ["mini", "models/one", "models/two"]


def test_what_is_there_and_cannot_be_used_is_said(bertplay, folder):
    shutil.copytree(TINY, folder / "models" / "pickled")
    weights = folder / "models" / "pickled" / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    result = bertplay("backbones", "--folder", "models")
    assert "models/pickled cannot be used: " in result.stdout
    (found,) = (
        e
        for n, e in on_disk(bertplay("backbones", "--folder", "models", "--json")).items()
        if n != "mini"
    )
    assert found["parameters"] is None


def test_encoders_are_compared_on_the_same_splits_with_what_they_take(bertplay, table, folder):
    command = ("backbones", TINY, "mini", "--data", table, *ONE_EPOCH, "--output", "compared")
    result = bertplay(*command)
    assert result.exit_code == 0, result.stderr
    facts = json.loads((folder / "compared" / "compare.json").read_text())
    assert list(facts["methods"])[:2] == ["tiny_bert", "mini"]
    assert facts["reference"] == "tiny_bert"
    assert "TF-IDF + logistic regression" in facts["methods"]
    tiny, mini = facts["encoders"]["tiny_bert"], facts["encoders"]["mini"]
    assert (tiny["family"], tiny["hidden_size"], tiny["layers"]) == ("bert", 32, 2)
    assert tiny["parameters"] < mini["parameters"]
    for title in ("tiny_bert", "mini"):
        assert facts["encoders"][title]["predicted_per_second"] > 0
        assert facts["methods"][title]["rows_per_second"] > 0
        assert facts["methods"][title]["peak_bytes"] > 0
    assert facts["methods"]["tiny_bert"]["peak_bytes"] < facts["methods"]["mini"]["peak_bytes"]
    assert "## Encoders" in result.stdout
    assert f"| tiny_bert | bert | {tiny['parameters']:,} | 32 | 2 |" in result.stdout
    page = (folder / "compared" / "compare.html").read_text()
    assert "Their sizes, speed and memory" in page
    assert "mini against tiny_bert: " in result.stdout
    again = bertplay("compare", "compared")
    assert again.stdout.split("written to")[0] == result.stdout.split("written to")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mini", "mini"), "mini is named twice"),
        (("mini", "scratch"), "scratch is made of the training texts"),
        (("mini", "nothing/here/at/all"), "there is no such folder"),
        (("mini", "someone/tiny"), "someone/tiny would be downloaded"),
        (("mini", "--folder", "."), "--folder is for the list"),
        (("--seeds", "3"), "--seeds is for a comparison: name encoders"),
        (("--folder", "missing"), "--folder missing: there is no such folder"),
        (("mini", "--jobs", "0"), "at least 1"),
        (("mini", "--loss", "focl"), "did you mean"),
        (("mini", "--seeds", "1"), "two seeds at least"),
        (("mini", "."), "has no config.json"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_trained(bertplay, folder, arguments, message):
    result = bertplay("backbones", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (folder / "runs").exists()
