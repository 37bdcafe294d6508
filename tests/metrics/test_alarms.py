"""Each alarm of `bertplay.alarms` fires when it should and stays silent when it should."""

import numpy as np
import pytest

from bertplay.alarms import (
    COLLAPSE_SHARE,
    OVERCONFIDENCE_ECE,
    OVERCONFIDENCE_GAP,
    Alarm,
    alarms,
)
from bertplay.metrics import Metrics, evaluate

COUNTS = {"died": 809, "survived": 500}


def figures(confusion, confidence=None) -> Metrics:
    """The metrics of predictions with this confusion matrix, calibrated unless told otherwise."""
    confusion = np.array(confusion)
    classes = len(confusion)
    pairs = [(t, p) for t in range(classes) for p in range(classes) for _ in range(confusion[t, p])]
    true, predicted = np.array(pairs).T
    if confidence is None:
        confidence = max((true == predicted).mean(), 1 / classes + 1e-6)
    p = np.full((len(true), classes), (1 - confidence) / (classes - 1))
    p[np.arange(len(true)), predicted] = confidence
    names = list(COUNTS) if classes == 2 else ["joy", "fear", "love"]
    return evaluate(p, true, names)


def codes(found: list[Alarm]) -> list[str]:
    return [alarm.code for alarm in found]


def test_a_good_classifier_raises_no_alarm():
    assert alarms(figures([[140, 20], [25, 75]]), COUNTS) == []


def test_collapse_names_the_class_and_its_cure():
    (alarm,) = alarms(figures([[162, 0], [100, 0]]), COUNTS)

    assert alarm.code == "collapse"
    assert "262 of 262 predictions are 'died'" in alarm.message
    assert "100 rows belong to other classes" in alarm.message
    assert "balanced" in alarm.message


def test_collapse_to_the_rare_class_blames_too_much_weight():
    (alarm,) = alarms(figures([[0, 100], [0, 100]]), COUNTS)

    assert alarm.code == "collapse"
    assert "'survived' is not the most frequent class" in alarm.message
    assert "lower" in alarm.message


def test_collapse_fires_at_its_share_of_the_predictions():
    at_share = round(100 * COLLAPSE_SHARE)
    assert codes(alarms(figures([[60, 0], [at_share - 60, 100 - at_share]]), COUNTS)) == [
        "collapse"
    ]


def test_collapse_is_silent_just_below_its_share():
    below = round(100 * COLLAPSE_SHARE) - 1
    assert alarms(figures([[60, 0], [below - 60, 100 - below]]), COUNTS) == []


def test_collapse_is_silent_where_the_rows_are_as_lopsided_as_the_predictions():
    assert alarms(figures([[995, 0], [2, 3]]), COUNTS) == []


def test_collapse_fires_where_the_rare_rows_are_very_rare_and_none_is_predicted():
    assert codes(alarms(figures([[995, 0], [5, 0]]), COUNTS)) == ["collapse"]


def test_collapse_is_silent_where_the_table_has_one_class_only():
    assert alarms(figures([[50, 0], [0, 0]]), COUNTS) == []


def test_never_predicted_names_the_class_and_its_training_rows():
    counts = {"joy": 700, "fear": 270, "love": 30}
    (alarm,) = alarms(figures([[60, 5, 0], [5, 25, 0], [3, 2, 0]]), counts)

    assert alarm.code == "never_predicted"
    assert "'love' (30 of 1000 training rows)" in alarm.message
    assert "'joy'" not in alarm.message
    assert "balanced" in alarm.message


def test_never_predicted_is_silent_for_a_class_without_rows_in_the_table():
    counts = {"joy": 700, "fear": 270, "love": 30}
    assert alarms(figures([[60, 5, 0], [5, 25, 0], [0, 0, 0]]), counts) == []


def test_collapse_replaces_never_predicted():
    counts = {"joy": 700, "fear": 270, "love": 30}
    assert codes(alarms(figures([[60, 0, 0], [30, 0, 0], [5, 0, 0]]), counts)) == ["collapse"]


def test_overconfident_quotes_confidence_and_accuracy():
    (alarm,) = alarms(figures([[130, 30], [30, 72]], confidence=0.97), COUNTS)

    assert alarm.code == "overconfident"
    assert "97%" in alarm.message
    assert "77%" in alarm.message
    assert "label smoothing" in alarm.message


def test_overconfident_is_silent_where_the_model_is_not_sure_enough():
    assert alarms(figures([[150, 10], [10, 92]], confidence=0.6), COUNTS) == []


def test_overconfident_is_silent_while_the_calibration_error_is_small():
    accuracy, gap = 0.8, (OVERCONFIDENCE_GAP + OVERCONFIDENCE_ECE) / 2
    metrics = figures([[4000, 1000], [1000, 4000]], confidence=accuracy + gap)

    assert OVERCONFIDENCE_GAP < metrics.ece < OVERCONFIDENCE_ECE
    assert alarms(metrics, COUNTS) == []


def test_overconfident_is_silent_where_the_gap_may_be_noise():
    gap = OVERCONFIDENCE_ECE + 0.02
    few, many = figures([[4, 1], [1, 4]], 0.8 + gap), figures([[400, 100], [100, 400]], 0.8 + gap)

    assert alarms(few, COUNTS) == []
    assert codes(alarms(many, COUNTS)) == ["overconfident"]


def test_collapse_is_the_only_alarm_where_confidence_is_too_high_as_well():
    found = alarms(figures([[162, 0], [100, 0]], confidence=0.99), COUNTS)

    assert codes(found) == ["collapse"]


def test_class_counts_of_other_classes_are_refused():
    with pytest.raises(ValueError, match="class_counts has the classes"):
        alarms(figures([[5, 1], [1, 5]]), {"a": 1, "b": 2})
