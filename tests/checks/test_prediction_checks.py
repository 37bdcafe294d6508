"""Checks of predictions, BP201 to BP204, fire when they should and stay silent when they should."""

import numpy as np
import pytest

from bertplay.checks.predictions import prediction_checks, underconfidence
from bertplay.checks.result import CheckResult
from bertplay.checks.thresholds import Thresholds
from bertplay.metrics import Metrics, evaluate

COUNTS = {"died": 809, "survived": 500}
LIMITS = Thresholds()


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


def found(metrics: Metrics, counts=COUNTS, limits=LIMITS) -> list[CheckResult]:
    """The results that fired."""
    results = prediction_checks(metrics, counts, limits)
    return [result for result in results if result.status == "fired"]


def codes(results: list[CheckResult]) -> list[str]:
    return [result.code for result in results]


def test_a_good_classifier_raises_nothing():
    assert found(figures([[140, 20], [25, 75]])) == []


def test_collapse_names_the_class_and_its_cure():
    (check,) = found(figures([[162, 0], [100, 0]]))

    assert check.code == "BP201"
    assert "262 of 262 predictions are 'died'" in check.message
    assert "100 rows belong to other classes" in check.message
    assert "balanced" in check.message


def test_collapse_to_the_rare_class_blames_too_much_weight():
    (check,) = found(figures([[0, 100], [0, 100]]))

    assert check.code == "BP201"
    assert "'survived' is not the most frequent class" in check.message
    assert "lower" in check.message


def test_collapse_fires_at_its_share_of_the_predictions():
    at_share = round(100 * LIMITS.collapse_share)
    assert codes(found(figures([[60, 0], [at_share - 60, 100 - at_share]]))) == ["BP201"]


def test_collapse_is_silent_just_below_its_share():
    below = round(100 * LIMITS.collapse_share) - 1
    assert found(figures([[60, 0], [below - 60, 100 - below]])) == []


def test_collapse_is_silent_where_the_rows_are_as_lopsided_as_the_predictions():
    assert found(figures([[995, 0], [2, 3]])) == []


def test_collapse_fires_where_the_rare_rows_are_very_rare_and_none_is_predicted():
    assert codes(found(figures([[995, 0], [5, 0]]))) == ["BP201"]


def test_collapse_is_silent_where_the_table_has_one_class_only():
    assert found(figures([[50, 0], [0, 0]])) == []


def test_never_predicted_names_the_class_and_its_training_rows():
    counts = {"joy": 700, "fear": 270, "love": 30}
    (check,) = found(figures([[60, 5, 0], [5, 25, 0], [3, 2, 0]]), counts)

    assert check.code == "BP202"
    assert "'love' (30 of 1000 training rows)" in check.message
    assert "'joy'" not in check.message
    assert "balanced" in check.message


def test_never_predicted_is_silent_for_a_class_without_rows_in_the_table():
    counts = {"joy": 700, "fear": 270, "love": 30}
    assert found(figures([[60, 5, 0], [5, 25, 0], [0, 0, 0]]), counts) == []


def test_collapse_replaces_never_predicted():
    counts = {"joy": 700, "fear": 270, "love": 30}
    assert codes(found(figures([[60, 0, 0], [30, 0, 0], [5, 0, 0]]), counts)) == ["BP201"]


def test_overconfident_quotes_confidence_and_accuracy():
    (check,) = found(figures([[130, 30], [30, 72]], confidence=0.97))

    assert check.code == "BP203"
    assert "97%" in check.message
    assert "77%" in check.message
    assert "label smoothing" in check.message


def test_overconfident_is_silent_where_the_model_is_not_sure_enough():
    assert found(figures([[150, 10], [10, 92]], confidence=0.6)) == []


def test_overconfident_is_silent_while_the_calibration_error_is_small():
    accuracy, gap = 0.8, (LIMITS.overconfidence_gap + LIMITS.overconfidence_ece) / 2
    metrics = figures([[4000, 1000], [1000, 4000]], confidence=accuracy + gap)

    assert LIMITS.overconfidence_gap < metrics.ece < LIMITS.overconfidence_ece
    assert found(metrics) == []


def test_overconfident_is_silent_where_the_gap_may_be_noise():
    gap = LIMITS.overconfidence_ece + 0.02
    few, many = figures([[4, 1], [1, 4]], 0.8 + gap), figures([[400, 100], [100, 400]], 0.8 + gap)

    assert found(few) == []
    assert codes(found(many)) == ["BP203"]


def test_collapse_is_all_that_fires_where_confidence_is_too_high_as_well():
    results = found(figures([[162, 0], [100, 0]], confidence=0.99))

    assert codes(results) == ["BP201"]


def test_class_counts_of_other_classes_are_refused():
    with pytest.raises(ValueError, match="class_counts has the classes"):
        found(figures([[5, 1], [1, 5]]), {"a": 1, "b": 2})


def test_what_collapsed_is_checked_for_nothing_else():
    results = prediction_checks(figures([[162, 0], [100, 0]]), COUNTS, LIMITS)

    assert [r.status for r in results] == ["fired", "not_applicable", "not_applicable"]
    assert results[0].about == "died"


def test_underconfidence_names_what_keeps_the_model_from_being_sure():
    metrics = figures([[150, 10], [10, 92]], confidence=0.6)

    check = underconfidence(metrics, {"gamma": 5.0, "smoothing": 0.3}, 1.0, LIMITS)

    assert check.status == "fired"
    assert "92% of the rows and only 60% sure" in check.message
    assert "gamma 5 and smoothing 0.3" in check.message


@pytest.mark.parametrize(
    ("softening", "progress", "status"),
    [({}, 1.0, "not_applicable"), ({"gamma": 2.0}, 0.4, "not_applicable")],
)
def test_underconfidence_does_not_apply(softening, progress, status):
    metrics = figures([[150, 10], [10, 92]], confidence=0.6)

    assert underconfidence(metrics, softening, progress, LIMITS).status == status


def test_underconfidence_is_silent_for_a_gap_below_its_limit():
    metrics = figures([[150, 10], [10, 92]], confidence=0.7)

    assert underconfidence(metrics, {"gamma": 2.0}, 1.0, LIMITS).status == "passed"
