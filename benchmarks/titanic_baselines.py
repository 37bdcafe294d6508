"""What a fine-tuned encoder must beat on the Titanic: rules, bags of words and boosted trees.

`BASELINES` holds them by name. Each learns from the training rows of a fold and gives `[N, 2]`
probabilities, died and survived, for the held-out ones. All settings are scikit-learn's own unless
they stand here; none was tuned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bertplay.comparison.passenger_columns import columns_of_facts
from bertplay.data.source_file import file_sha256
from bertplay.data.table import read_table
from bertplay.data.titanic import PASSENGERS_FILE
from bertplay.labelled_tables import load_evaluation_data
from bertplay.task import Task
from bertplay.text_rule import TextRule

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.int64]
Probabilities = NDArray[np.float64]

CLASSES = ("died", "survived")

_TASK = Task("titanic", TextRule("titanic"), "Survived", CLASSES)


@dataclass(frozen=True, eq=False)
class Passengers:
    """A Titanic table of N rows.

    Attributes:
        frame: its columns, in Kaggle's layout or that of the built-in table.
        sentences: N texts, as bertplay trains on them.
        labels: `[N]`, 0 for died and 1 for survived.
        name: the file's name, without folders.
        sha256: of the whole file.
    """

    frame: pd.DataFrame
    sentences: tuple[str, ...]
    labels: NDArray[np.int32]
    name: str
    sha256: str

    def __len__(self) -> int:
        return len(self.labels)


def read_passengers(path: str | None, limit: int | None = None) -> Passengers:
    """Read a table with labels, or the built-in one; `limit` keeps the first rows only.

    Raises:
        InputError: the file or a column is missing, or a value is no fact about a passenger.
    """
    source = Path(path).expanduser() if path else PASSENGERS_FILE
    rows = load_evaluation_data(_TASK, source)
    assert rows.labels is not None
    return Passengers(
        read_table(source).iloc[:limit],
        rows.texts[:limit],
        rows.labels[:limit],
        source.name if path else "built-in passengers",
        file_sha256(source),
    )


def majority_class(
    passengers: Passengers, train: Rows, held_out: Rows, _seed: int
) -> Probabilities:
    """Everybody has the fate of most training rows."""
    answer = int(np.bincount(passengers.labels[train]).argmax())
    return _certain(np.full(len(held_out), answer))


def women_survive(
    passengers: Passengers, _train: Rows, held_out: Rows, _seed: int
) -> Probabilities:
    """Women and girls survive, everybody else dies."""
    female = (columns_of_facts(passengers.frame)["sex"] == "female").to_numpy()
    return _certain(female[held_out].astype(np.int64))


def bag_of_words(
    passengers: Passengers,
    train: Rows,
    held_out: Rows,
    seed: int,
    *,
    class_weight: Literal["balanced"] | None = None,
) -> Probabilities:
    """Logistic regression on TF-IDF of words and pairs of words of the sentences."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2),
        LogisticRegression(max_iter=2000, class_weight=class_weight, random_state=seed),
    )
    model.fit([passengers.sentences[row] for row in train], passengers.labels[train])
    return _probabilities(model, [passengers.sentences[row] for row in held_out])


def balanced_bag_of_words(
    passengers: Passengers, train: Rows, held_out: Rows, seed: int
) -> Probabilities:
    """`bag_of_words` with class weights from the training labels."""
    return bag_of_words(passengers, train, held_out, seed, class_weight="balanced")


def boosted_trees(passengers: Passengers, train: Rows, held_out: Rows, seed: int) -> Probabilities:
    """Histogram gradient boosting on the columns."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    facts = columns_of_facts(passengers.frame)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=seed)
    model.fit(facts.iloc[train], passengers.labels[train])
    return _probabilities(model, facts.iloc[held_out])


Baseline = Callable[[Passengers, Rows, Rows, int], Probabilities]

BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        "majority class": majority_class,
        "women survive": women_survive,
        "TF-IDF + logistic regression": bag_of_words,
        "TF-IDF + balanced logistic regression": balanced_bag_of_words,
        "gradient boosting on the columns": boosted_trees,
    }
)

RULES = ("majority class", "women survive")
"""Baselines that give answers but no probabilities: calibration is nothing to ask of them."""


def _certain(answers: Rows) -> Probabilities:
    shares: Probabilities = np.eye(len(CLASSES))[answers]
    return shares


def _probabilities(model: Any, rows: Any) -> Probabilities:
    shares: Probabilities = np.asarray(model.predict_proba(rows), dtype=np.float64)
    return shares
