"""The folder for transformers: names and logits as it has them, its tokenizer, its classes."""

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import load_file
from tiny_classifiers import CLASSES, HEADS, TINY, TRANSFORMERS, tiny_classifier, tiny_run

from bertplay import load
from bertplay.classifier import save
from bertplay.data.tokenizer import encode_texts
from bertplay.export.sample_texts import SAMPLE_TEXTS
from bertplay.export.writing import ExportSettings, export_run

RECORDED = Path(__file__).parent.parent / "fixtures" / "tiny_bert_classifier"


@pytest.fixture(scope="module")
def recorded() -> dict:
    """Tensors' shapes and config's keys of transformers' own model of this kind."""
    return json.loads((RECORDED / "names.json").read_text())


@pytest.fixture(scope="module")
def as_recorded(tmp_path_factory) -> Path:
    """A run with the weights of the recorded model."""
    classifier = tiny_classifier(TRANSFORMERS)
    pooler = load_file(TINY / "model.safetensors")
    last = load_file(RECORDED / "expected.safetensors")
    given = {
        "hidden.0.linear.weight": pooler["pooler.dense.weight"],
        "hidden.0.linear.bias": pooler["pooler.dense.bias"],
        "output.weight": last["classifier.weight"],
        "output.bias": last["classifier.bias"],
    }
    classifier.model.head.load_weights([(n, mx.array(a)) for n, a in given.items()], strict=False)
    folder = tmp_path_factory.mktemp("recorded") / "run"
    save(classifier, folder / "model")
    return folder


def test_tensors_have_the_names_and_shapes_of_transformers(exported, recorded):
    tensors = load_file(exported / "model.safetensors")

    assert {name: list(tensor.shape) for name, tensor in tensors.items()} == recorded["tensors"]


def test_tensors_have_the_values_of_the_model_that_was_recorded(as_recorded, tmp_path):
    export_run(as_recorded, tmp_path / "out", ExportSettings())

    tensors = load_file(tmp_path / "out" / "model.safetensors")
    for name, value in load_file(TINY / "model.safetensors").items():
        np.testing.assert_array_equal(tensors[f"bert.{name}"], value)
    of_classifier = load_file(RECORDED / "expected.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        np.testing.assert_array_equal(tensors[name], of_classifier[name])


def test_the_model_gives_the_logits_that_transformers_gave(as_recorded):
    batch = load_file(TINY / "expected.safetensors")
    ids, mask = mx.array(batch["input_ids"]), mx.array(batch["attention_mask"])

    logits = np.array(load(as_recorded).model(ids, mask))

    expected = load_file(RECORDED / "expected.safetensors")["logits"]
    np.testing.assert_allclose(logits, expected, atol=5e-5)


def test_config_has_no_key_that_transformers_lacks(exported, recorded):
    config = json.loads((exported / "config.json").read_text())

    # What it says of the classes is part of every configuration.
    assert set(config) - set(recorded["config"]) == set()
    assert config["architectures"] == ["BertForSequenceClassification"]
    assert config["problem_type"] == "single_label_classification"
    assert config["classifier_dropout"] == 0.2
    assert config["id2label"] == {str(n): name for n, name in enumerate(CLASSES)}
    assert config["label2id"] == {name: n for n, name in enumerate(CLASSES)}


def test_its_tokenizer_gives_the_same_ids_cut_at_the_same_length(exported, run):
    transformers = pytest.importorskip("transformers")
    texts = [*SAMPLE_TEXTS, "the women and the men was not in third class , survived ."]
    model = load(run)
    expected, cut = encode_texts(model.tokenizer, texts, model.max_length)
    assert cut > 0

    tokenizer = transformers.AutoTokenizer.from_pretrained(exported)

    found = tokenizer(texts, truncation=True)
    assert found["input_ids"] == [list(ids) for ids in expected]
    assert set(found) == {"input_ids", "token_type_ids", "attention_mask"}
    assert tokenizer.model_max_length == 12
    assert (tokenizer.cls_token, tokenizer.sep_token) == ("[CLS]", "[SEP]")
    assert (tokenizer.pad_token, tokenizer.unk_token) == ("[PAD]", "[UNK]")
    assert tokenizer.mask_token == "[MASK]"


def test_transformers_gives_the_same_logits(exported, run):
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(exported).eval()

    ids = np.array([[2, 5, 9, 14, 3], [2, 7, 3, 0, 0]])
    mask = (ids != 0).astype(np.int64)
    with torch.no_grad():
        logits = model(torch.tensor(ids), torch.tensor(mask)).logits.numpy()
    expected = np.array(load(run).model(mx.array(ids), mx.array(mask)))
    assert np.abs(logits).max() > 0.5
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    assert model.config.id2label == dict(enumerate(CLASSES))


def test_a_head_of_its_own_lies_beside_the_encoder(runs, tmp_path):
    name = "attention, residual"
    done = export_run(runs[name], tmp_path / "out", ExportSettings())

    assert "bertplay_head.safetensors" in done.remarks[0]
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["architectures"] == ["BertModel"]
    assert config["bertplay_head"]["pooling"] == "attention"
    assert config["bertplay_head"]["hidden_dims"] == HEADS[name]["hidden_dims"]
    head = load(runs[name]).model.head
    tensors = load_file(tmp_path / "out" / "bertplay_head.safetensors")
    np.testing.assert_array_equal(tensors["pool.query"], np.array(head.pool.query))
    np.testing.assert_array_equal(tensors["output.weight"], np.array(head.output.weight))
    encoder = load_file(tmp_path / "out" / "model.safetensors")
    assert "embeddings.word_embeddings.weight" in encoder


def test_an_adapter_and_quantized_weights_are_merged(tmp_path):
    from bertplay.adapters.adding import adapter_arrays, add_adapters
    from bertplay.adapters.settings import AdapterSettings
    from bertplay.encoders.quantization import Quantization
    from bertplay.encoders.quantizing import quantize_linears
    from bertplay.export.transformers_folder import write_transformers_folder

    classifier = tiny_classifier(TRANSFORMERS)
    quantize_linears(classifier.encoder, Quantization(8, 32))
    add_adapters(classifier.encoder, AdapterSettings("dora"))
    changed = [(n, a + 0.1) for n, a in adapter_arrays(classifier.encoder).items()]
    classifier.encoder.load_weights(changed, strict=False)

    write_transformers_folder(tmp_path, classifier)

    names = set(load_file(tmp_path / "model.safetensors"))
    assert names == set(json.loads((RECORDED / "names.json").read_text())["tensors"])


def test_a_run_by_its_model_folder_is_the_same(run, exported, tmp_path):
    export_run(run / "model", tmp_path / "model", ExportSettings(license_id="mit"))

    for name in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "model" / name).read_bytes() == (exported / name).read_bytes()


def test_what_does_not_compute_the_same_is_not_written(run, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from bertplay.export import check
    from bertplay.export.failures import ExportFailedError

    monkeypatch.setattr(check, "TOLERANCE", 0.0)
    with pytest.raises(ExportFailedError, match="more than"):
        export_run(run, tmp_path / "out", ExportSettings())
    assert list(tmp_path.iterdir()) == []


def test_a_longer_text_than_the_sample_is_cut_where_the_model_cuts(tmp_path):
    run = tiny_run(tmp_path / "run", TRANSFORMERS, max_length=5)
    export_run(run, tmp_path / "out", ExportSettings())

    saved = json.loads((tmp_path / "out" / "tokenizer.json").read_text())
    assert saved["truncation"]["max_length"] == 5
    config = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert config["model_max_length"] == 5
