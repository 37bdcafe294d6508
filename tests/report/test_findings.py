"""The sentences over the page say what the figures say."""

import numpy as np

from bertplay.metrics import evaluate, majority_baseline
from bertplay.report.findings import findings


def said(confusion, names, confidence=0.8) -> str:
    """The findings of a model with this confusion matrix, always as sure."""
    labels, p = [], []
    for true, counts in enumerate(confusion):
        for predicted, count in enumerate(counts):
            shares = np.full(len(names), (1 - confidence) / (len(names) - 1))
            shares[predicted] = confidence
            labels += [true] * count
            p += [shares] * count
    counts = {name: sum(row) for name, row in zip(names, confusion, strict=True)}
    figures = evaluate(np.array(p), np.array(labels), names).as_dict()
    return " ".join(findings(figures, majority_baseline(counts, np.array(labels))))


def test_the_model_is_set_beside_the_majority():
    text = said([[50, 10], [10, 30]], ["died", "survived"])

    assert "right in 80% of 100 validation rows" in text
    assert "answering 'died' always would be right in 60%" in text


def test_the_rarest_class_is_spoken_of_with_its_uncertainty():
    text = said([[50, 10], [10, 30]], ["died", "survived"])

    assert (
        "Of the 40 rows of 'survived', the rarest class, it finds 30, 75% (95% interval 6" in text
    )
    assert "of the rows it calls 'survived', 75% are" in text


def test_the_class_that_is_found_least_is_named_where_it_is_another():
    text = said([[50, 0, 0], [30, 10, 0], [0, 0, 9]], ["a", "b", "c"])

    assert "It finds 'b' least: 25% of 40 rows." in text
    assert "to take 'b' for 'a': 30 of 40 rows" in text
    assert "least" not in said([[50, 0], [5, 4]], ["a", "b"])


def test_a_class_that_is_never_predicted_has_no_precision_to_speak_of():
    text = said([[50, 0], [10, 0]], ["a", "b"])

    assert "it finds 0, 0%" in text
    assert "of the rows it calls" not in text


def test_confidence_is_spoken_of_where_it_is_off():
    assert "surer than it should be" in said([[50, 10], [10, 30]], ["a", "b"], confidence=0.95)
    assert "less sure than it could be" in said([[50, 10], [10, 30]], ["a", "b"], confidence=0.6)
    assert "sure" not in said([[50, 10], [10, 30]], ["a", "b"], confidence=0.8)


def test_a_model_without_mistakes_has_none_to_speak_of():
    assert "mistake" not in said([[50, 0], [0, 40]], ["a", "b"])
