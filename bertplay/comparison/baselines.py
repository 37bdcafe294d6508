"""What a fine-tuned encoder must beat: scikit-learn's models on the same splits, in seconds.

All settings are scikit-learn's own unless they stand here; none was tuned.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bertplay.comparison.held_out import SMALLEST, Predictions
from bertplay.comparison.passenger_columns import columns_of_facts
from bertplay.data.dataset import LabelledTexts
from bertplay.data.table import read_table
from bertplay.data.titanic import PASSENGERS_FILE
from bertplay.labelled_tables import row_ids
from bertplay.options import TrainOptions
from bertplay.training_data import TrainingData

Shares = NDArray[np.float64]
Baseline = Callable[[TrainingData, LabelledTexts, TrainOptions, int], Shares]


def evaluated_rows(table: TrainingData) -> LabelledTexts:
    """The rows that a comparison evaluates: those of the test part, else of the validation part."""
    return table.validation if table.test is None else table.test


def class_counts(table: TrainingData) -> dict[str, int]:
    """Class to its number of training rows."""
    return dict(zip(table.classes, table.class_counts, strict=True))


def baselines_for(options: TrainOptions, table: TrainingData) -> Mapping[str, Baseline]:
    """The baselines that a table allows, by the names that tables show."""
    has_columns = table.task.name == "titanic" and options.validation is None
    return {name: of for name, of in BASELINES.items() if has_columns or name != ON_COLUMNS}


def run_baseline(
    baseline: Baseline, table: TrainingData, options: TrainOptions, seed: int
) -> tuple[Predictions, float]:
    """What a baseline says of the evaluated rows, and the seconds that it took.

    Args:
        baseline: of `baselines_for`.
        table: the split of the seed.
        options: which table it is.
        seed: of the baseline.
    """
    rows = evaluated_rows(table)
    assert rows.labels is not None
    started = time.perf_counter()
    shares = baseline(table, rows, options, seed)
    seconds = time.perf_counter() - started
    labels = rows.labels.astype(np.int64)
    return Predictions(np.log(np.maximum(shares, SMALLEST)), labels, table.classes), seconds


def _majority(table: TrainingData, rows: LabelledTexts, _: TrainOptions, seed: int) -> Shares:
    """Every row has the training rows' shares of the classes, and so the class with most rows."""
    counts = np.array(table.class_counts, dtype=np.float64)
    return np.tile(counts / counts.sum(), (len(rows), 1))


def _bag_of_words(
    table: TrainingData,
    rows: LabelledTexts,
    _: TrainOptions,
    seed: int,
    *,
    class_weight: Literal["balanced"] | None = None,
) -> Shares:
    """Logistic regression on TF-IDF of words and pairs of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)),
        LogisticRegression(max_iter=2000, class_weight=class_weight, random_state=seed),
    )
    model.fit(table.train.texts, table.train.labels)
    return _shares(model, rows.texts)


def _balanced_bag_of_words(
    table: TrainingData, rows: LabelledTexts, options: TrainOptions, seed: int
) -> Shares:
    return _bag_of_words(table, rows, options, seed, class_weight="balanced")


def _boosted_trees(
    table: TrainingData, rows: LabelledTexts, options: TrainOptions, seed: int
) -> Shares:
    """Histogram gradient boosting on what the table says of each passenger."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    frame = read_table(options.data or PASSENGERS_FILE)
    place = {name: row for row, name in enumerate(row_ids(frame)[0])}
    facts = columns_of_facts(frame)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=seed)
    model.fit(facts.iloc[[place[name] for name in table.train.ids]], table.train.labels)
    return _shares(model, facts.iloc[[place[name] for name in rows.ids]])


def _shares(model: Any, rows: Any) -> Shares:
    return np.asarray(model.predict_proba(rows), dtype=np.float64)


MAJORITY = "majority"
ON_COLUMNS = "gradient boosting on columns"

BASELINES: Mapping[str, Baseline] = {
    MAJORITY: _majority,
    "TF-IDF + logistic regression": _bag_of_words,
    "TF-IDF + balanced logistic regression": _balanced_bag_of_words,
    ON_COLUMNS: _boosted_trees,
}
"""All of them, by the names that tables show."""
