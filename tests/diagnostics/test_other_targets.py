"""Figures of rows with any number of classes, and of numbers."""

import json

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import f1_score, median_absolute_error, precision_score, recall_score

from bertplay.diagnostics import (
    NumberRows,
    SeveralLabelRows,
    diagnose_numbers,
    diagnose_several_labels,
)

CLASSES = ["price", "delivery", "quality"]
IDS = [str(row) for row in range(200)]


@pytest.fixture
def labelled() -> SeveralLabelRows:
    """200 rows whose probabilities are the chances by which their classes were drawn."""
    random = np.random.default_rng(0)
    p = random.beta(0.7, 1.5, (200, 3))
    texts = ["word " * int(words) for words in random.integers(1, 20, 200)]
    return SeveralLabelRows(IDS, texts, random.random((200, 3)) < p, p, CLASSES)


def test_figures_of_classes_that_stand_side_by_side_are_scikit_learns(labelled):
    found = diagnose_several_labels(labelled)

    for number, of in enumerate(found.classes):
        truth, called = labelled.targets[:, number], labelled.probabilities[:, number] > 0.5
        assert of.precision == pytest.approx(precision_score(truth, called))
        assert of.recall == pytest.approx(recall_score(truth, called))
        assert of.f1 == pytest.approx(f1_score(truth, called))
        assert of.precision_interval[0] < of.precision < of.precision_interval[1]


def test_chances_that_were_drawn_by_are_calibrated(labelled):
    found = diagnose_several_labels(labelled)

    assert found.calibration.ece < 0.06
    assert sum(of.rows for of in found.reliability) == 600
    assert sum(found.histogram.right) == labelled.targets.sum()
    assert [of.name for of in found.ranking] == CLASSES


def test_the_hardest_row_is_that_with_the_least_probability_of_the_truth():
    rows = SeveralLabelRows(
        ["a", "b"],
        ["", ""],
        np.array([[True, False]] * 2),
        np.array([[0.9, 0.2], [0.1, 0.5]]),
        "xy",
    )

    assert rows.log_losses == pytest.approx([-np.log(0.9 * 0.8), -np.log(0.1 * 0.5)])


def test_a_class_that_no_row_has_has_no_curve_and_all_can_be_written(labelled):
    labelled.targets[:, 1] = False

    found = diagnose_several_labels(labelled)

    assert [of.name for of in found.ranking] == ["price", "quality"]
    json.dumps(found.as_dict(), allow_nan=False)


def test_a_model_of_numbers_that_keeps_to_the_middle_is_seen_in_its_ranges():
    random = np.random.default_rng(0)
    targets = random.normal(size=200)
    rows = NumberRows(IDS, ["a text"] * 200, targets, 0.5 * targets + 0.1)

    found = diagnose_numbers(rows)

    assert found.spread_ratio == pytest.approx(0.5)
    assert found.mean_error == pytest.approx(0.1 - 0.5 * targets.mean())
    assert found.median_absolute_error == median_absolute_error(targets, rows.predictions)
    errors = [of.mean_error for of in found.ranges]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.5
    assert sum(of.rows for of in found.ranges) == 200


def test_the_group_with_the_largest_errors_is_on_top():
    random = np.random.default_rng(1)
    left = random.random(200) < 0.3
    targets = random.normal(size=200)
    noise = random.normal(size=200) * np.where(left, 1.0, 0.2)
    columns = {"side": np.where(left, "left", "right").tolist()}

    first, second = diagnose_numbers(
        NumberRows(IDS, [""] * 200, targets, targets + noise, columns)
    ).slices

    assert (first.column, first.value) == ("side", "left")
    assert first.p == pytest.approx(mannwhitneyu(abs(noise[left]), abs(noise[~left])).pvalue)
    assert first.adjusted_p < 0.001
    assert first.mean_absolute_error > second.mean_absolute_error


def test_labels_that_are_all_the_same_have_no_spread():
    found = diagnose_numbers(NumberRows(IDS, [""] * 200, np.ones(200), np.linspace(0, 1, 200)))

    assert found.spread_ratio is None
    assert len(found.ranges) == 1
    json.dumps(found.as_dict(), allow_nan=False)
