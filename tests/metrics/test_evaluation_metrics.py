"""The figures of `bertplay.metrics`, against scikit-learn, a plain loop, and by identities."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertplay.metrics import evaluate, expected_calibration_error, majority_baseline

CLASSES = ("joy", "fear", "anger", "love")


def random_table(seed: int, rows: int = 400, classes: int = 4):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, classes)) * 2
    labels = np.array([rng.choice(classes, p=row) for row in softmax(logits * 0.7)])
    return softmax(logits), labels


def softmax(logits):
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def one_hot(predicted, classes):
    return np.eye(classes)[np.asarray(predicted)]


def looped_ece(confidence, correct, bins):
    total = 0.0
    for b in range(bins):
        inside = [
            i
            for i in range(len(confidence))
            if (b == 0 or confidence[i] > b / bins)
            and (b == bins - 1 or confidence[i] <= (b + 1) / bins)
        ]
        if inside:
            accuracy = sum(correct[i] for i in inside) / len(inside)
            mean = sum(confidence[i] for i in inside) / len(inside)
            total += len(inside) / len(confidence) * abs(accuracy - mean)
    return total


def test_figures_equal_scikit_learn():
    from sklearn import metrics as sk

    p, labels = random_table(0)
    found = evaluate(p, labels, CLASSES)
    predicted = p.argmax(axis=1)
    precision, recall, f1, support = sk.precision_recall_fscore_support(labels, predicted)

    assert found.accuracy == pytest.approx(sk.accuracy_score(labels, predicted))
    assert found.balanced_accuracy == pytest.approx(sk.balanced_accuracy_score(labels, predicted))
    assert found.macro_f1 == pytest.approx(sk.f1_score(labels, predicted, average="macro"))
    assert found.log_loss == pytest.approx(sk.log_loss(labels, p))
    assert found.confusion_matrix == sk.confusion_matrix(labels, predicted).tolist()
    for i, name in enumerate(CLASSES):
        assert found.per_class[name] == {
            "precision": pytest.approx(precision[i]),
            "recall": pytest.approx(recall[i]),
            "f1": pytest.approx(f1[i]),
            "support": support[i],
        }


def test_rows_of_the_confusion_matrix_are_true_classes_and_columns_predicted_ones():
    found = evaluate(one_hot([1, 1, 0], 2), np.array([0, 0, 0]), ("died", "survived"))

    assert found.confusion_matrix == [[1, 2], [0, 0]]


def test_mean_confidence_and_entropy():
    found = evaluate([[0.5, 0.5], [1.0, 0.0]], [0, 0], ("a", "b"))

    assert found.mean_confidence == pytest.approx(0.75)
    assert found.entropy == pytest.approx(np.log(2) / 2)


def test_a_perfect_classifier_has_perfect_figures():
    found = evaluate(one_hot([0, 1, 2, 3], 4), [0, 1, 2, 3], CLASSES)

    assert (found.accuracy, found.balanced_accuracy, found.macro_f1) == (1.0, 1.0, 1.0)
    assert (found.ece, found.log_loss, found.entropy) == (0.0, 0.0, 0.0)


def test_a_certain_and_wrong_prediction_has_a_finite_log_loss():
    found = evaluate(np.array([[1.0, 0.0]], dtype=np.float32), [1], ("a", "b"))

    assert found.log_loss == pytest.approx(-np.log(np.finfo(np.float32).eps))


def test_a_class_without_rows_has_no_recall_and_does_not_count_for_balanced_accuracy():
    found = evaluate(one_hot([0, 1, 1], 3), [0, 1, 1], ("a", "b", "c"))

    assert found.per_class["c"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert found.balanced_accuracy == 1.0
    assert found.macro_f1 == 1.0


def test_a_class_without_rows_that_is_predicted_counts_for_macro_f1_as_in_scikit_learn():
    from sklearn.metrics import f1_score

    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    found = evaluate(one_hot(predicted, 3), labels, ("a", "b", "c"))

    assert found.per_class["c"] == {"precision": 0.0, "recall": None, "f1": 0.0, "support": 0}
    assert found.macro_f1 == pytest.approx(f1_score(labels, predicted, average="macro"))


def test_a_class_that_is_never_predicted_has_precision_zero():
    found = evaluate(one_hot([0, 0], 2), [0, 1], ("a", "b"))

    assert found.per_class["b"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_as_dict_has_the_names_of_the_summary_and_is_json():
    p, labels = random_table(1)
    found = evaluate(p, labels, CLASSES)
    figures = found.as_dict()

    assert set(figures) == {
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "ece",
        "log_loss",
        "mean_confidence",
        "entropy",
        "per_class",
        "confusion_matrix",
    }
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


@given(seed=st.integers(0, 10**6), order=st.permutations(range(4)))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_classes_does_not_matter(seed, order):
    p, labels = random_table(seed, rows=40)
    found = evaluate(p, labels, CLASSES)
    moved = evaluate(p[:, order], np.argsort(order)[labels], [CLASSES[i] for i in order])

    assert moved.per_class == found.per_class
    assert moved.macro_f1 == pytest.approx(found.macro_f1)
    assert moved.log_loss == pytest.approx(found.log_loss)
    assert moved.ece == pytest.approx(found.ece)


@given(
    rows=st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60),
    bins=st.integers(1, 20),
)
@settings(max_examples=100, deadline=None)
def test_calibration_error_equals_a_plain_loop(rows, bins):
    confidence, correct = zip(*rows, strict=True)

    found = expected_calibration_error(confidence, correct, bins)

    assert found == pytest.approx(looped_ece(confidence, correct, bins), abs=1e-12)


@pytest.mark.parametrize("edge", [0.2, 0.4, 0.6, 0.8])
def test_a_confidence_on_the_edge_belongs_to_the_lower_bin(edge):
    # Apart, the two rows err by 1 - edge and edge - 0.1; in one bin they would partly cancel.
    above, below = np.nextafter(edge, 1), edge - 0.1
    assert expected_calibration_error([edge, above], [1, 0], 5) == pytest.approx(0.5, abs=1e-9)
    assert expected_calibration_error([edge, below], [1, 0], 5) == pytest.approx(
        abs(1 - edge - below) / 2, abs=1e-9
    )


def test_perfect_calibration_has_error_zero():
    confidence = np.repeat([0.25, 0.5, 0.75, 1.0], 4)
    correct = [row < right for right in (1, 2, 3, 4) for row in range(4)]

    assert expected_calibration_error(confidence, correct) == pytest.approx(0.0, abs=1e-12)


def test_certain_and_always_wrong_has_error_one():
    assert expected_calibration_error([1.0, 1.0], [0, 0]) == 1.0


def test_one_bin_gives_the_gap_between_mean_confidence_and_accuracy():
    assert expected_calibration_error([0.9, 0.6, 0.3], [1, 0, 0], bins=1) == pytest.approx(
        0.6 - 1 / 3
    )


def test_majority_baseline_answers_the_most_frequent_training_class():
    found = majority_baseline({"died": 650, "survived": 400}, [0, 0, 0, 1])

    assert found == {
        "majority_class": "died",
        "majority_accuracy": 0.75,
        "balanced_accuracy": 0.5,
        "macro_f1": pytest.approx(0.5 * 2 * 3 / (3 + 4)),
    }


def test_majority_baseline_takes_the_majority_of_the_training_rows_not_of_the_labels():
    assert majority_baseline({"a": 1, "b": 9}, [0, 0, 0, 1])["majority_accuracy"] == 0.25


@pytest.mark.parametrize(
    ("probabilities", "labels", "classes", "message"),
    [
        ([[0.5, 0.5]], [0], ("a", "b", "c"), "probabilities has shape"),
        (np.zeros((0, 2)), np.zeros(0, int), ("a", "b"), "probabilities has shape"),
        ([[np.nan, 1.0]], [0], ("a", "b"), "probabilities holds NaN"),
        ([[2.0, 3.0]], [0], ("a", "b"), "probabilities must be rows"),
        ([[1.5, -0.5]], [0], ("a", "b"), "probabilities must be rows"),
        ([[0.5, 0.5]], [2], ("a", "b"), "labels reach from 2 to 2"),
        ([[0.5, 0.5]], [-1], ("a", "b"), "labels reach from -1"),
        ([[0.5, 0.5]], [0, 1], ("a", "b"), "labels has shape"),
        ([[0.5, 0.5]], [0.0], ("a", "b"), "labels has shape"),
        ([[0.5, 0.5]], [0], ("a", "a"), "classes is"),
    ],
)
def test_wrong_input_to_evaluate_is_named(probabilities, labels, classes, message):
    with pytest.raises(ValueError, match=message):
        evaluate(probabilities, labels, classes)


@pytest.mark.parametrize(
    ("confidence", "correct", "bins", "message"),
    [
        ([], [], 15, "confidence has shape"),
        ([0.5, 0.5], [1], 15, "confidence has shape"),
        ([0.5], [1], 0, "bins is 0"),
        ([1.5], [1], 15, "confidence must lie"),
        ([float("nan")], [1], 15, "confidence must lie"),
    ],
)
def test_wrong_input_to_the_calibration_error_is_named(confidence, correct, bins, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(confidence, correct, bins)


def test_majority_baseline_without_classes_is_an_error():
    with pytest.raises(ValueError, match="train_counts is empty"):
        majority_baseline({}, [0])


def test_metrics_load_neither_pandas_nor_scikit_learn():
    code = (
        "import sys, bertplay.metrics, bertplay.checks.predictions; "
        "sys.exit(bool({'pandas', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
