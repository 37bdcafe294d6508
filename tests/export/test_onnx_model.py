"""An ONNX file computes what the model does, for every head, batch and length."""

import json
import re

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_classifiers import CLASSES, HEADS, tiny_classifier

from bertplay import load
from bertplay.data.errors import InputError
from bertplay.export import formats, onnx_model
from bertplay.export.onnx_model import OPSET, write_onnx
from bertplay.export.writing import ExportSettings, export_run

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """Each kind of head's model, and an onnxruntime session of its file."""
    place = tmp_path_factory.mktemp("onnx")
    pairs = {}
    for number, (name, options) in enumerate(HEADS.items()):
        classifier = tiny_classifier(options)
        write_onnx(place / f"{number}.onnx", classifier)
        pairs[name] = (classifier, onnxruntime.InferenceSession(place / f"{number}.onnx"))
    return pairs


def outputs(session, ids, mask):
    batch = {"input_ids": np.array(ids), "attention_mask": np.array(mask)}
    return session.run(["logits", "probabilities"], batch)


@pytest.mark.parametrize("name", HEADS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_logits_are_the_models_for_any_ids_and_mask(sessions, name, data):
    rows = data.draw(st.integers(1, 4))
    length = data.draw(st.sampled_from([1, 2, 7, 16]))
    grid = st.lists(st.integers(0, 23), min_size=length, max_size=length)
    ids = data.draw(st.lists(grid, min_size=rows, max_size=rows))
    # Any mask at all: padding on either side, holes, a text without tokens.
    bits = st.lists(st.integers(0, 1), min_size=length, max_size=length)
    mask = data.draw(st.lists(bits, min_size=rows, max_size=rows))
    classifier, session = sessions[name]

    logits, probabilities = outputs(session, ids, mask)

    expected = np.array(classifier.model(mx.array(ids), mx.array(mask)))
    np.testing.assert_allclose(logits, expected, atol=TOLERANCE)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), logits.argmax(axis=1))


@pytest.mark.parametrize("name", HEADS)
def test_the_weights_are_such_that_a_missing_one_would_show(sessions, name):
    _, session = sessions[name]

    logits, _ = outputs(session, [[2, 5, 9, 3], [2, 14, 3, 0]], [[1, 1, 1, 1], [1, 1, 1, 0]])

    assert np.ptp(logits) > 0.5


def test_the_file_is_valid_and_old_enough(runs, tmp_path):
    export_run(runs["mean"], tmp_path / "out", ExportSettings("onnx"))

    model = onnx.load(tmp_path / "out" / "model.onnx")

    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", OPSET)]
    assert [i.name for i in model.graph.input] == ["input_ids", "attention_mask"]
    assert [o.name for o in model.graph.output] == ["logits", "probabilities"]
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "model.onnx",
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "README.md",
    }


def test_the_file_itself_has_the_classes(sessions):
    _, session = sessions["mean"]

    facts = session.get_modelmeta().custom_metadata_map

    assert json.loads(facts["classes"]) == list(CLASSES)
    assert facts["max_length"] == "12"


@pytest.mark.parametrize("name", ["mean", "transformers"])
def test_the_cards_code_gives_the_models_probabilities(name, runs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    export_run(runs[name], "model", ExportSettings("onnx"))
    page = (tmp_path / "model" / "README.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict = {"__name__": "example"}

    exec(code, names)

    classifier = load(runs[name])
    expected = classifier.predict_proba(names["texts"])
    np.testing.assert_allclose(names["probabilities"], expected, atol=TOLERANCE)
    assert classifier.predict(names["texts"])[0] in capsys.readouterr().out.splitlines()[0]
    assert "sample texts differ by at most" in page


def test_what_was_measured_is_said(runs, tmp_path):
    written = export_run(runs["mean"], tmp_path / "out", ExportSettings("onnx"))

    assert [check.compared for check in written.checks] == ["logits", "probabilities"]
    assert all(check.difference < TOLERANCE for check in written.checks)
    assert written.checks[0].program == f"onnxruntime {onnxruntime.__version__}"


def test_without_onnxruntime_the_file_is_written_and_that_is_said(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("bertplay.export.check_in_onnxruntime.installed", lambda *_: False)

    (check,) = export_run(runs["mean"], tmp_path / "out", ExportSettings("onnx")).checks

    assert "as onnxruntime is not installed here" in check.sentence
    assert (tmp_path / "out" / "model.onnx").is_file()


def test_without_onnx_the_extra_is_named_and_nothing_written(runs, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)

    with pytest.raises(InputError, match=re.escape("pip install 'bertplay[onnx]'")):
        export_run(runs["mean"], tmp_path / "out", ExportSettings("onnx"))
    assert list(tmp_path.iterdir()) == []


def test_a_model_too_large_for_one_file_is_refused(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_model, "_MOST_BYTES", 1000)

    with pytest.raises(InputError, match="one ONNX file holds less than 2 GiB"):
        export_run(runs["mean"], tmp_path / "out", ExportSettings("onnx"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_computes_something_else_is_not_written(runs, tmp_path, monkeypatch):
    from bertplay.export.failures import ExportFailedError

    def of_another_model(path, classifier):
        other = tiny_classifier(HEADS["cls without norm"])
        write_onnx(path, other)

    monkeypatch.setattr(formats, "write_onnx", of_another_model)
    with pytest.raises(ExportFailedError, match="logits of one text alone in onnxruntime"):
        export_run(runs["mean"], tmp_path / "out", ExportSettings("onnx"))
    assert list(tmp_path.iterdir()) == []
