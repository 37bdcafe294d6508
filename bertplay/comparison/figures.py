"""The figures that methods are compared by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertplay.comparison.held_out import Predictions, cross_fitted_temperatures, rare_classes
from bertplay.metrics import evaluate


@dataclass(frozen=True)
class Figure:
    """A figure of a run.

    Attributes:
        key: its name in compare.json.
        name: as it is read; `{rare}` stands for the rare classes.
        higher: whether more is better.
        share: whether it lies between 0 and 1, so that differences are told in points.
        primary: whether it is one of those that a comparison is made for.
    """

    key: str
    name: str
    higher: bool = True
    share: bool = True
    primary: bool = False

    def title(self, rare: str) -> str:
        """The name with the rare classes in it."""
        return self.name.replace("{rare}", rare)


FIGURES = (
    Figure("accuracy", "accuracy"),
    Figure("macro_f1", "macro-F1", primary=True),
    Figure("rare_recall", "recall of {rare}", primary=True),
    Figure("rare_f1", "F1 of {rare}"),
    Figure("ece", "ECE", higher=False),
    Figure("tempered_ece", "ECE after temperature", higher=False),
    Figure("log_loss", "log loss", higher=False, share=False),
    Figure("tempered_log_loss", "log loss after temperature", higher=False, share=False),
)


def figures_of(rows: Predictions, class_counts: Mapping[str, int]) -> dict[str, float]:
    """The figures of `FIGURES` by their keys.

    The temperature of each half of the rows is fitted on the other half. A rare class without a row
    is left out of the means of the rare ones.

    Args:
        rows: what was said of the rows that are evaluated.
        class_counts: class to its number of training rows.
    """
    metrics = evaluate(rows.probabilities(), rows.labels, rows.classes)
    shares = rows.probabilities(cross_fitted_temperatures(rows))
    tempered = evaluate(shares, rows.labels, rows.classes)
    rare = [metrics.per_class[name] for name in rare_classes(class_counts)]
    return {
        "accuracy": metrics.accuracy,
        "macro_f1": metrics.macro_f1,
        "rare_recall": _mean_of_defined([of_class["recall"] for of_class in rare]),
        "rare_f1": _mean_of_defined([of_class["f1"] for of_class in rare]),
        "ece": metrics.ece,
        "tempered_ece": tempered.ece,
        "log_loss": metrics.log_loss,
        "tempered_log_loss": tempered.log_loss,
    }


def _mean_of_defined(values: Sequence[float | None]) -> float:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else 0.0


def prior_shifted(rows: Predictions, class_counts: Mapping[str, int]) -> Predictions:
    """The same rows with the classes' shares taken out: `log p_c - log (n_c / n)`.

    Logit adjustment after training (Menon et al., Long-tail learning via logit adjustment, 2021);
    no training is needed.

    Args:
        rows: what was said of them.
        class_counts: class to its number n_c of training rows.
    """
    counts: NDArray[np.float64] = np.array([class_counts[name] for name in rows.classes], float)
    shifted = rows.log_probabilities - np.log(counts / counts.sum())
    shifted = shifted - np.logaddexp.reduce(shifted, axis=1, keepdims=True)
    return Predictions(shifted, rows.labels, rows.classes)
