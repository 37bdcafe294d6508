"""`diagnose` takes plain arrays, of whatever model, and gives every figure."""

import json

import numpy as np
import pytest

from bertplay.diagnostics import TrainedLoss, diagnose
from bertplay.metrics import evaluate

TARGETS = np.array([0, 1, 1, 0, 1, 0] * 10)
LOGITS = np.random.default_rng(0).normal(size=(60, 2)) + 2 * np.eye(2)[TARGETS]
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
CLASSES = ["no", "yes"]


def test_logits_give_what_their_probabilities_give():
    of_logits = diagnose(TARGETS, CLASSES, logits=LOGITS)
    of_probabilities = diagnose(TARGETS, CLASSES, probabilities=PROBABILITIES)

    assert of_logits.metrics.ece == pytest.approx(of_probabilities.metrics.ece)
    assert of_logits.ranking[1].roc_area == of_probabilities.ranking[1].roc_area


def test_the_overall_figures_are_those_of_an_evaluation():
    found = diagnose(TARGETS, CLASSES, probabilities=PROBABILITIES)

    assert found.metrics == evaluate(PROBABILITIES, TARGETS, CLASSES)
    assert found.calibration.ece == found.metrics.ece


def test_every_figure_can_be_written_as_json_and_is_the_same_each_time():
    loss = TrainedLoss("focal", {"gamma": 2.0}, {"no": 30, "yes": 30})
    columns = {"day": ["Monday", "Friday"] * 30}

    found, again = (
        diagnose(TARGETS, CLASSES, logits=LOGITS, columns=columns, loss=loss) for _ in range(2)
    )

    text = json.dumps(found.as_dict(), allow_nan=False)
    assert text == json.dumps(again.as_dict(), allow_nan=False)
    assert {
        "accuracy",
        "confusion_matrix",
        "classes",
        "calibration",
        "reliability",
        "histogram",
        "coverage",
        "ranking",
        "label_errors",
        "slices",
        "loss_shares",
    } <= json.loads(text).keys()


def test_doubted_labels_are_named_by_their_ids():
    p = np.repeat([[0.95, 0.05], [0.05, 0.95]], 20, axis=0)
    targets = np.repeat([0, 1], 20)
    targets[3] = 1

    found = diagnose(targets, CLASSES, probabilities=p, ids=[f"row-{n}" for n in range(40)])

    assert found.as_dict()["label_errors"]["doubted"] == [
        {"id": "row-3", "label": "yes", "suggested": "no", "margin": pytest.approx(0.9)}
    ]


def test_a_single_class_has_no_ranking_and_the_rest_of_the_figures():
    found = diagnose(np.zeros(60, dtype=int), CLASSES, probabilities=PROBABILITIES)

    assert found.ranking == ()
    assert found.classes[1].recall is None
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "either probabilities or logits"),
        ({"probabilities": PROBABILITIES, "logits": LOGITS}, "either probabilities or logits"),
        ({"probabilities": PROBABILITIES * 0.9}, "sum to 1"),
        ({"probabilities": PROBABILITIES[:, :1]}, r"expected \[N, 2\]"),
        ({"logits": np.where(LOGITS > 2, np.nan, LOGITS)}, "finite"),
        ({"logits": LOGITS[:5]}, r"expected \[5\] integers"),
        ({"logits": LOGITS, "texts": ["a"]}, "texts has 1 entries"),
        ({"logits": LOGITS, "columns": {"day": ["a"]}}, "day has 1 entries"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        diagnose(TARGETS, CLASSES, **arguments)
