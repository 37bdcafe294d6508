"""What the report makes of the figures of predictions."""

from dataclasses import replace

import numpy as np

from bertplay.diagnostics import PredictedRows, diagnose_rows
from bertplay.report.chosen_rows import rows_to_explain
from bertplay.report.hard_rows import hard_rows_section
from bertplay.report.slices import slices_section


def rows_of(probabilities, labels, texts=None, classes=("a", "b")) -> PredictedRows:
    labels, p = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    names = [str(row) for row in range(len(labels))]
    return PredictedRows(names, texts or names, labels, p, classes)


def test_a_hard_row_whose_label_is_doubted_says_so():
    """Of 200 rows that the model is sure of, one is labelled as the other class."""
    p = np.repeat([[0.99, 0.01], [0.01, 0.99], [0.6, 0.4]], 100, axis=0)
    labels = np.repeat([0, 1, 0], 100)
    labels[[0, 200]] = 1

    section = hard_rows_section(diagnose_rows(rows_of(p, labels)), "wrong")

    _, quotes, said, estimates = section.blocks
    # Row 200 was 0.6 sure of a class whose rows have 0.79 on average.
    assert "Confident learning doubts 1 of 300 labels" in said.text
    assert "in 1 of them the model is 90% sure" in said.text
    assert [(one.heading, one.note) for one in quotes.quotes] == [
        ("Row 0", "This label is doubted."),
        ("Row 200", ""),
    ]
    assert [row[:3] for row in estimates.rows] == [("a", "0", "198"), ("b", "1", "102")]


def test_suspicious_labels_stand_below_the_rows_that_are_hardest():
    """Ten rows of 100 are labelled wrong; the texts of eight are shown as hardest, then two."""
    p = np.repeat([[0.99, 0.01], [0.01, 0.99]], 50, axis=0)
    labels = np.repeat([0, 1], 50)
    labels[:10] = 1

    section = hard_rows_section(diagnose_rows(rows_of(p, labels)), "wrong")

    shown = [[one.heading for one in block.quotes] for block in section.blocks[1::4]]
    assert shown == [[f"Row {n}" for n in range(8)], ["Row 8", "Row 9"]]


def test_the_surest_wrong_rows_come_first_and_then_right_ones_of_different_classes():
    p = [[0.9, 0.1], [0.8, 0.2], [0.95, 0.05], [0.99, 0.01], [0.97, 0.03], [0.4, 0.6]]

    assert rows_to_explain(rows_of(p, [1, 1, 1, 0, 0, 1])) == [2, 0, 1, 3, 5]


def test_the_group_of_texts_that_is_most_often_wrong_is_on_top():
    texts = ["one"] * 20 + ["one two three"] * 20 + ["a b c d e f"] * 20
    labels = [0] * 20 + [0, 1] * 10 + [0] * 19 + [1]

    (section,) = slices_section(
        diagnose_rows(rows_of([[0.8, 0.2]] * 60, labels, texts)).slices, (), "slices"
    )

    assert [row[1:4] for row in section.blocks[-1].rows] == [
        ("3", "0.500", "-0.317"),
        ("6", "0.950", "+0.133"),
        ("1", "1.000", "+0.183"),
    ]
    assert "Worse than chance among 3 groups explains: words in the text 3." in (
        section.blocks[0].text
    )
    assert section.blocks[-1].rows[0][-1] == "below 0.001"


def test_a_column_without_a_large_group_is_named():
    rows = rows_of([[0.8, 0.2]] * 20, [0] * 20)
    rows = replace(rows, columns={"name": [str(row) + "x" for row in range(20)]})

    (section,) = slices_section(diagnose_rows(rows).slices, ("name",), "slices")

    assert section.blocks[0].text == "No group by name has 10 rows."


def test_a_model_without_errors_has_none_to_show():
    section = hard_rows_section(diagnose_rows(rows_of([[0.8, 0.2]] * 2, [0, 0])), "wrong")

    assert section.blocks[0].text == "Every row is right."
