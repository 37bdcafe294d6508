"""Models of every family are exported, with transformers' own head or with ours beside."""

import json
import re

import mlx.core as mx
import numpy as np
import pytest
from tiny_classifiers import FAMILIES, FAMILY_FOLDER, classifier_of

import bertplay
from bertplay.classifier import save
from bertplay.export.writing import ExportSettings, export_run
from bertplay.transformers_head import HEADS

pytestmark = pytest.mark.parametrize("family", FAMILIES)


def batch_of(family):
    every = mx.load(str(FAMILY_FOLDER / family / "expected.safetensors"))
    return {name.removeprefix("64."): a for name, a in every.items() if name.startswith("64.")}


@pytest.fixture
def trained(family, tmp_path):
    """A run whose head has weights of its own, so that none can be left out unnoticed."""

    def run(options):
        folder = tmp_path / "run"
        save(classifier_of(FAMILY_FOLDER / family, options), folder / "model")
        return folder

    return run


def test_a_model_of_transformers_becomes_one_again(family, tmp_path):
    export_run(FAMILY_FOLDER / family, tmp_path / "out", ExportSettings())

    batch = batch_of(family)
    again = bertplay.load(tmp_path / "out").model(batch["input_ids"], batch["attention_mask"])
    assert float(mx.abs(again - batch["logits"]).max()) <= 5e-5
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["architectures"] == [HEADS[config["model_type"]].architecture]
    names = set(mx.load(str(tmp_path / "out" / "model.safetensors")))
    # ModernBERT's hidden layer may have a bias, which ours always has.
    added = {"head.dense.bias"} if family == "modernbert" else set()
    assert names == set(mx.load(str(FAMILY_FOLDER / family / "model.safetensors"))) | added


def test_transformers_computes_the_logits_of_a_head_of_its_own(family, trained, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    model_type = json.loads((FAMILY_FOLDER / family / "config.json").read_text())["model_type"]
    run = trained({"transformers": model_type})

    (check,) = export_run(run, tmp_path / "out", ExportSettings()).checks

    assert check.compared == "logits"
    assert check.difference <= 1e-4
    texts = ["the women and a child", ""]
    of_export, of_run = (bertplay.load(f).predict_proba(texts) for f in (tmp_path / "out", run))
    np.testing.assert_allclose(of_export, of_run, atol=1e-5)


def test_another_head_lies_beside_the_encoder(family, trained, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    run = trained({"pooling": "mean", "hidden_dims": [8], "activation": "gelu", "norm": "last"})

    written = export_run(run, tmp_path / "out", ExportSettings())

    assert written.checks[0].difference <= 1e-4
    assert "bertplay_head.safetensors has the head" in written.remarks[0]
    page = (tmp_path / "out" / "README.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict = {"__name__": "example"}
    exec(code, names)
    expected = bertplay.load(run).predict_proba(names["texts"])
    np.testing.assert_allclose(names["logits"].softmax(-1).numpy(), expected, atol=1e-4)
