"""What a model decides goes along: a calibration in the weights, the rest beside it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from run_summaries import summary
from tiny_classifiers import CLASSES, HEADS, tiny_classifier

from bertplay.classifier import save
from bertplay.decisions.abstention import Abstention
from bertplay.decisions.calibrations import (
    IsotonicCalibration,
    TemperatureScaling,
    Uncalibrated,
    VectorScaling,
)
from bertplay.decisions.decisions import Decisions
from bertplay.decisions.prediction_sets import PredictionSets
from bertplay.decisions.rules import Likeliest, WeightedClasses
from bertplay.export.calibrated_head import with_calibrated_head
from bertplay.export.writing import ExportSettings, export_run
from bertplay.heads import ClassificationHeadV2
from bertplay.loading import load

TEXTS = ["the women first class", "zzz", "a men third ship"]
TEMPERATURE = TemperatureScaling(0.4)
VECTOR = VectorScaling((0.5, 1.5, 2.0), (0.3, -0.2, 0.0))
RULE = WeightedClasses("macro_f1", (0.2, 0.3, 0.5))


def decided_by(calibration, rule=RULE, classes=CLASSES, **more) -> Decisions:
    return Decisions(classes, 1234, calibration, rule, **more)


def classifier_with(decisions: Decisions | None, head: str = "mean"):
    return replace(tiny_classifier(HEADS[head]), decisions=decisions)


@pytest.mark.parametrize("calibration", [TEMPERATURE, VECTOR])
@pytest.mark.parametrize("head", HEADS)
def test_the_softmax_of_the_logits_is_calibrated(calibration, head):
    classifier = classifier_with(decided_by(calibration), head)
    wanted = classifier.decide(TEXTS)

    changed = with_calibrated_head(classifier)

    np.testing.assert_allclose(
        changed.predict_proba(TEXTS, raw=True), wanted.probabilities, atol=1e-6
    )
    assert changed.decisions.calibration == Uncalibrated()
    assert changed.decide(TEXTS).labels.tolist() == wanted.labels.tolist()


@pytest.mark.parametrize("decisions", [None, decided_by(Uncalibrated())])
def test_without_a_calibration_no_weight_changes(decisions):
    classifier = classifier_with(decisions)
    wanted = classifier.logits(TEXTS)

    changed = with_calibrated_head(classifier)

    assert changed.logits(TEXTS).tobytes() == wanted.tobytes()
    assert changed.decisions == decisions


def exported(tmp_path, decisions: Decisions | None, format_: str):
    save(classifier_with(decisions), tmp_path / "run" / "model")
    values = summary(decisions={"after": {"ece": 0.0123}})
    (tmp_path / "run" / "summary.json").write_text(json.dumps(values))
    export_run(tmp_path / "run", tmp_path / "out", ExportSettings(format_))
    return tmp_path / "out"


def card_of(folder) -> str:
    return " ".join((folder / "README.md").read_text().split())


@pytest.mark.parametrize("calibration", [TEMPERATURE, VECTOR])
def test_onnx_gives_the_calibrated_probabilities(tmp_path, calibration):
    onnxruntime = pytest.importorskip("onnxruntime")
    folder = exported(tmp_path, decided_by(calibration), "onnx")
    classifier = load(tmp_path / "run")
    ids = classifier.tokenizer.encode(TEXTS[0]).ids

    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    batch = {"input_ids": np.array([ids]), "attention_mask": np.ones((1, len(ids)), dtype=int)}
    (shares,) = session.run(["probabilities"], batch)[0]

    np.testing.assert_allclose(shares, classifier.predict_proba(TEXTS[:1])[0], atol=1e-5)


def test_the_rest_lies_beside(tmp_path):
    decisions = decided_by(
        TEMPERATURE, abstention=Abstention(0.9, 0.8), sets=PredictionSets(0.9, (0.1, 0.2, 0.3))
    )

    folder = exported(tmp_path, decisions, "hf")

    assert json.loads((folder / "decisions.json").read_text()) == {
        "classes": list(CLASSES),
        "rows": 1234,
        "calibration": {"method": "none"},
        "rule": {"name": "macro_f1", "weights": [0.2, 0.3, 0.5]},
        "abstention": {"target_accuracy": 0.9, "threshold": 0.8},
        "sets": None,
    }


def test_what_was_exported_for_transformers_is_read_again_and_decides_alike(tmp_path):
    decisions = decided_by(TEMPERATURE, abstention=Abstention(0.9, 0.8))
    save(classifier_with(decisions, "transformers"), tmp_path / "model")
    wanted = load(tmp_path / "model").decide(TEXTS)

    export_run(tmp_path / "model", tmp_path / "out", ExportSettings("hf"))

    found = load(tmp_path / "out").decide(TEXTS)
    np.testing.assert_allclose(found.probabilities, wanted.probabilities, atol=1e-5)
    assert found.labels.tolist() == wanted.labels.tolist()
    assert found.answered.tolist() == wanted.answered.tolist()


def test_the_card_says_what_is_in_the_weights_and_what_is_not(tmp_path):
    decisions = decided_by(
        TEMPERATURE, abstention=Abstention(0.9, 0.8), sets=PredictionSets(0.9, (0.1, 0.2, 0.3))
    )

    card = card_of(exported(tmp_path, decisions, "hf"))

    assert "A temperature of 0.400, fitted on 1,234 validation rows, is in the weights" in card
    assert "the expected calibration error is 0.012 on validation rows" in card
    assert "decided for macro_f1: the class with the largest product" in card
    assert "It abstains where the probability of the label is below 0.800" in card
    assert "prediction sets are not in this folder" in card
    assert "not calibrated afterwards" not in card


def test_a_card_without_decisions_says_that_nothing_is_calibrated(tmp_path):
    folder = exported(tmp_path, None, "hf")

    assert "The probabilities are the softmax of the logits, not calibrated" in card_of(folder)
    assert not (folder / "decisions.json").exists()


def test_an_isotonic_calibration_stays_beside(tmp_path):
    calibration = IsotonicCalibration((-1.0, 2.0), (0.2, 0.9))
    classifier = tiny_classifier(HEADS["mean"])
    classifier.model.head = ClassificationHeadV2(32, 2, loss="ce", pooling="mean")
    classes = ("first class", "second")
    task = replace(classifier.task, classes=classes)
    decisions = decided_by(calibration, Likeliest(), classes)
    save(replace(classifier, task=task, decisions=decisions), tmp_path / "run" / "model")

    export_run(tmp_path / "run", tmp_path / "out", ExportSettings("hf"))

    stored = json.loads((tmp_path / "out" / "decisions.json").read_text())
    assert stored["calibration"] == calibration.as_dict()
    card = card_of(tmp_path / "out")
    assert "An isotonic calibration, which is no layer, lies beside" in card
    assert "in the weights" not in card
