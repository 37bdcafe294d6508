"""An ONNX file of every family computes what the model does, for any batch and length."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_classifiers import FAMILIES, FAMILY_FOLDER

import bertplay
from bertplay.export.onnx_model import write_onnx
from bertplay.export.writing import ExportSettings, export_run

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

TOLERANCE = 1e-4

pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """Each family's model, and an onnxruntime session of its file."""
    place, pairs = tmp_path_factory.mktemp("onnx"), {}
    for family in FAMILIES:
        classifier = bertplay.load(FAMILY_FOLDER / family)
        write_onnx(place / f"{family}.onnx", classifier)
        pairs[family] = (classifier, onnxruntime.InferenceSession(place / f"{family}.onnx"))
    return pairs


def logits_of(session, ids, mask):
    batch = {"input_ids": np.array(ids, np.int64), "attention_mask": np.array(mask, np.int64)}
    return session.run(["logits"], batch)[0]


@pytest.mark.parametrize("length", [32, 64, 72])
def test_logits_are_those_of_transformers(sessions, family, length):
    every = mx.load(str(FAMILY_FOLDER / family / "expected.safetensors"))
    ids, mask, wanted = (
        np.array(every[f"{length}.{name}"]) for name in ("input_ids", "attention_mask", "logits")
    )
    got = logits_of(sessions[family][1], ids, mask)
    np.testing.assert_allclose(got, wanted, atol=TOLERANCE)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_logits_are_the_models_for_any_ids_and_mask(sessions, family, data):
    rows = data.draw(st.integers(1, 3))
    length = data.draw(st.sampled_from([1, 2, 7, 40, 72]))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    ids = random.integers(0, 60, (rows, length))
    # Any mask at all: padding on either side, holes, a text without tokens.
    mask = random.random((rows, length)) < data.draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))
    classifier, session = sessions[family]

    expected = np.array(classifier.model(mx.array(ids), mx.array(mask)))

    np.testing.assert_allclose(logits_of(session, ids, mask), expected, atol=TOLERANCE)


def test_an_export_is_valid_and_was_checked(family, tmp_path):
    written = export_run(FAMILY_FOLDER / family, tmp_path / "out", ExportSettings("onnx"))

    assert [check.compared for check in written.checks] == ["logits", "probabilities"]
    assert all(check.difference <= TOLERANCE for check in written.checks)
    onnx.checker.check_model(onnx.load(tmp_path / "out" / "model.onnx"), full_check=True)
