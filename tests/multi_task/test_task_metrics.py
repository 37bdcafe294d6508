"""Figures of tasks: equal to scikit-learn's and to the definitions."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, mean_absolute_error, mean_squared_error, r2_score

from bertplay.multi_task.labels import Labels, read_labels
from bertplay.multi_task.metrics import baseline, task_metrics
from bertplay.multi_task.task import LabelColumn

RNG = np.random.default_rng(0)


def labels(kind, numbers, known=None, classes=()):
    numbers = np.asarray(numbers)
    known = np.ones(len(numbers), dtype=bool) if known is None else np.asarray(known)
    return Labels(LabelColumn("task", kind, classes), numbers, known)


def test_multi_label_figures_equal_scikit_learn():
    true = (RNG.random((50, 4)) < 0.3).astype(np.float32)
    shares = RNG.random((50, 4))
    found = task_metrics(shares, labels("multi_label", true, classes=("a", "b", "c", "d")))
    predicted = shares > 0.5
    assert found.macro_f1 == pytest.approx(f1_score(true, predicted, average="macro"))
    assert found.micro_f1 == pytest.approx(f1_score(true, predicted, average="micro"))
    assert found.exact_match == pytest.approx((predicted == (true > 0.5)).all(axis=1).mean())
    assert found.per_class["b"]["support"] == true[:, 1].sum()


def test_regression_figures_equal_scikit_learn_and_lin_1989():
    true = RNG.normal(size=60).astype(np.float32)
    predicted = 0.5 * true + RNG.normal(size=60) + 0.3
    found = task_metrics(predicted, labels("regression", true))
    y = true.astype(np.float64)
    covariance = np.cov(predicted, y, ddof=0)
    apart = (predicted.mean() - y.mean()) ** 2
    assert found.mae == pytest.approx(mean_absolute_error(y, predicted))
    assert found.rmse**2 == pytest.approx(mean_squared_error(y, predicted))
    assert found.r2 == pytest.approx(r2_score(y, predicted))
    assert found.pearson == pytest.approx(np.corrcoef(predicted, y)[0, 1])
    assert found.ccc == pytest.approx(2 * covariance[0, 1] / (np.trace(covariance) + apart))


def test_a_perfect_and_a_constant_prediction_have_defined_figures():
    true = labels("regression", np.array([1.0, 2.0], dtype=np.float32))
    assert task_metrics(np.array([1.0, 2.0]), true).ccc == pytest.approx(1.0)
    constant = task_metrics(np.array([1.5, 1.5]), true)
    assert (constant.ccc, constant.pearson, constant.r2) == (0.0, 0.0, 0.0)


def test_rows_without_a_label_have_no_part_in_the_figures():
    shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]])
    found = task_metrics(
        shares, labels("single_label", [0, 1, 1], [True, True, False], ("no", "yes"))
    )
    assert found.accuracy == 1.0


def test_the_baseline_answers_by_what_training_rows_have():
    def read(kind, *cells):
        return read_labels(pd.Series(cells, dtype=object), "task", kind, path="t.csv")

    single = read("single_label", "a", "b", "b", "a", "b")
    assert baseline(single, single)["majority_class"] == "b"
    multi = read("multi_label", "a|b", "a", "|")
    assert baseline(multi, multi)["exact_match"] == pytest.approx(1 / 3)
    numbers = read("regression", "1", "3")
    assert baseline(numbers, numbers) == {"mean": 2.0, "ccc": 0.0, "mae": 1.0, "rmse": 1.0}
