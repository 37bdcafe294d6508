"""The numbers that the report computes from predictions, on data with known answers."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from bertplay.calibration_figures import calibration_figures
from bertplay.report.confidence import reliability_points
from bertplay.report.hard_rows import hard_rows_section
from bertplay.report.loss_attention import loss_attention
from bertplay.report.metric_intervals import class_intervals
from bertplay.report.predicted_rows import PredictedRows, rows_to_explain
from bertplay.report.slices import slices_of, slices_section

COUNTS = {"a": 60, "b": 40}


def rows_of(probabilities, labels, texts=None, classes=("a", "b")) -> PredictedRows:
    labels, p = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    names = [str(row) for row in range(len(labels))]
    return PredictedRows(names, texts or names, labels, p, classes)


def test_intervals_cover_the_true_recall_about_as_often_as_they_say():
    """Of 300 tables of 200 rows, the 95% interval of a recall of 0.7 holds it."""
    random = np.random.default_rng(0)
    held = 0
    for seed in range(300):
        found = random.binomial(100, 0.7)
        (_, second) = class_intervals([[90, 10], [100 - found, found]], draws=400, seed=seed)
        held += second.recall[0] <= 0.7 <= second.recall[1]

    assert 0.91 <= held / 300 <= 0.98


def test_intervals_hold_the_figure_itself_and_are_the_same_each_time():
    first, second = class_intervals([[50, 10], [5, 35]])

    assert first.precision[0] < 50 / 55 < first.precision[1]
    assert second.f1[0] < 2 * 35 / (45 + 40) < second.f1[1]
    assert class_intervals([[50, 10], [5, 35]]) == [first, second]


def test_a_class_that_is_never_predicted_has_no_intervals():
    _, never = class_intervals([[50, 0], [10, 0]])

    assert never.precision is None
    assert never.recall is None


def test_cross_entropy_looks_where_cross_entropy_looks():
    rows = rows_of([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 0, 1])

    found = loss_attention(rows, {"name": "ce", "arguments": {}}, COUNTS, 1.0)

    np.testing.assert_allclose(found.loss, found.cross_entropy)
    # The gradient's norm is sqrt(2) (1 - p) for two classes.
    np.testing.assert_allclose(found.cross_entropy, np.array([0.1, 0.7, 0.6]) / 1.4, rtol=1e-5)


def test_focal_loss_looks_at_hard_rows():
    """Of two classes its gradient is `(1 - p)^g (1 - p - g p log p)` times cross-entropy's."""
    p = np.array([0.9, 0.3])
    rows = rows_of([[0.9, 0.1], [0.3, 0.7]], [0, 0])
    arguments = {"gamma": 2.0, "alpha": None}

    found = loss_attention(rows, {"name": "focal", "arguments": arguments}, COUNTS, 1.0)

    expected = (1 - p) ** 2 * (1 - p - 2 * p * np.log(p))
    np.testing.assert_allclose(found.loss, expected / expected.sum(), rtol=1e-4)


def test_a_loss_that_changes_is_looked_at_where_training_has_taken_it():
    rows = rows_of([[0.9, 0.1], [0.3, 0.7]], [0, 0])
    adaptive = {"name": "adaptive", "arguments": {"class_weights": None, "alpha": None}}

    first = loss_attention(rows, adaptive, COUNTS, 0.0)
    last = loss_attention(rows, adaptive, COUNTS, 1.0)

    np.testing.assert_allclose(first.loss, first.cross_entropy, rtol=1e-5)
    assert last.loss[1] > first.loss[1]


def test_a_hard_row_whose_label_is_doubted_says_so():
    """Of 200 rows that the model is sure of, one is labelled as the other class."""
    p = np.repeat([[0.99, 0.01], [0.01, 0.99], [0.6, 0.4]], 100, axis=0)
    labels = np.repeat([0, 1, 0], 100)
    labels[[0, 200]] = 1

    section = hard_rows_section(rows_of(p, labels), "wrong")

    said, quotes = section.blocks
    assert "The labels of 1 rows are doubted" in said.text
    assert [(one.heading, one.note) for one in quotes.quotes] == [
        ("Row 0", "This label is doubted."),
        ("Row 200", ""),
    ]


def test_the_surest_wrong_rows_come_first_and_then_right_ones_of_different_classes():
    p = [[0.9, 0.1], [0.8, 0.2], [0.95, 0.05], [0.99, 0.01], [0.97, 0.03], [0.4, 0.6]]

    assert rows_to_explain(rows_of(p, [1, 1, 1, 0, 0, 1])) == [2, 0, 1, 3, 5]


def test_the_points_of_the_reliability_diagram_are_bins_of_rows():
    p = [[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 2

    points = reliability_points(rows_of(p, [0, 0, 0, 1, 0, 1]))

    assert [(point.confidence, point.accuracy, point.rows) for point in points] == [
        (pytest.approx(0.6), 0.5, 2),
        (pytest.approx(0.9), 0.75, 4),
    ]


def test_the_brier_score_is_the_sum_of_its_parts_where_bins_are_alike_inside():
    """15 bins of 40 rows, each with a confidence of its own."""
    random = np.random.default_rng(2)
    sure = np.repeat(np.linspace(0.5, 0.99, 15), 40)
    right = random.random(600) < sure**2

    found = calibration_figures(sure, right)

    parts = found.reliability - found.resolution + found.uncertainty
    assert found.brier == pytest.approx(parts)
    assert found.brier == pytest.approx(brier_score_loss(right, sure))


def test_a_calibrated_confidence_has_hardly_any_miscalibration():
    random = np.random.default_rng(3)
    sure = random.uniform(0.4, 1.0, 100_000)

    calibrated = calibration_figures(sure, random.random(100_000) < sure)
    never = calibration_figures(sure, np.zeros(100_000, dtype=bool))

    assert calibrated.adaptive_ece < 0.01
    assert calibrated.reliability < 1e-4
    assert never.adaptive_ece == pytest.approx(sure.mean())
    assert never.resolution == 0.0


def test_the_group_of_texts_that_is_most_often_wrong_is_on_top():
    texts = ["one"] * 20 + ["one two three"] * 20 + ["a b c d e f"] * 20
    labels = [0] * 20 + [0, 1] * 10 + [0] * 19 + [1]

    (section,) = slices_section(rows_of([[0.8, 0.2]] * 60, labels, texts), "slices")

    assert [row[1:4] for row in section.blocks[-1].rows] == [
        ("3", "0.500", "-0.317"),
        ("6", "0.950", "+0.133"),
        ("1", "1.000", "+0.183"),
    ]


def test_numbers_are_grouped_by_ranges_and_words_by_what_they_are():
    ages = slices_of("age", [*range(40), None, *[40.0] * 10])
    assert [group.value for group in ages] == ["0 to 12", "13 to 24", "25 to 37", "38 to 40"]
    assert [int(group.rows.sum()) for group in ages] == [13, 12, 13, 12]

    cabins = slices_of("cabin", ["A"] * 12 + ["B"] * 11 + [""] * 10 + ["C"] * 9)
    assert [group.value for group in cabins] == ["missing", "A", "B"]

    assert slices_of("ship", ["Titanic"] * 30) == []


def test_a_column_without_a_large_group_is_named():
    rows = rows_of([[0.8, 0.2]] * 20, [0] * 20)
    rows = replace(rows, columns={"name": [str(row) + "x" for row in range(20)]})

    (section,) = slices_section(rows, "slices")

    assert section.blocks[0].text == "No group by name has 10 rows."


def test_a_model_without_errors_has_none_to_show():
    section = hard_rows_section(rows_of([[0.8, 0.2]], [0]), "wrong")

    assert section.blocks[0].text == "Every row is right."
