"""Differences of classifiers that were evaluated on the same rows, each trained once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertplay.comparison.figures import FIGURES, figures_of
from bertplay.comparison.held_out import Predictions, cross_fitted_temperatures, rare_classes
from bertplay.comparison.paired import Difference, corrected
from bertplay.comparison.statistics import CONFIDENCE, Interval, mcnemar_p
from bertplay.metrics import CALIBRATION_BINS

DRAWS = 10_000
_DRAWS_AT_ONCE = 250

Values = NDArray[np.float64]


@dataclass(frozen=True)
class PairedRows:
    """What is known of classifiers on the same rows.

    Attributes:
        figures: classifier to key of the figure to its value and interval.
        differences: of every other one to the reference.
    """

    figures: Mapping[str, Mapping[str, Interval]]
    differences: Mapping[str, Mapping[str, Difference]]


def paired_rows(
    classifiers: Mapping[str, Predictions],
    reference: str,
    class_counts: Mapping[str, int],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> PairedRows:
    """Intervals and tests by drawing rows, the same rows for all classifiers.

    Intervals are percentiles of the paired bootstrap: N rows are drawn with replacement, and all
    figures are computed of the rows drawn, temperatures being kept. The p of a difference is twice
    the smaller share of the draws in which it is at most, or at least, 0; that of accuracy is of
    McNemar's exact test. p is corrected by Holm's method, as of `corrected`.

    Args:
        classifiers: name to what it said of the N rows, in the same order.
        reference: the one that others are compared to.
        class_counts: class to its number of training rows.
        draws: how many tables of N rows.
        seed: of the draws.

    Reference:
        Efron, Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 15.
    """
    drawn = _figures_of_draws(classifiers, class_counts, draws, seed)
    seen = {name: figures_of(rows, class_counts) for name, rows in classifiers.items()}
    intervals, p_values = {}, {}
    for name in classifiers:
        if name == reference:
            continue
        for figure in FIGURES:
            of_draws = drawn[name][figure.key] - drawn[reference][figure.key]
            difference = seen[name][figure.key] - seen[reference][figure.key]
            intervals[name, figure.key] = _interval(difference, of_draws)
            p_values[name, figure.key] = _p(of_draws)
        p_values[name, "accuracy"] = mcnemar_p(
            _right(classifiers[name]), _right(classifiers[reference])
        )
    return PairedRows(
        {
            name: {key: _interval(value, drawn[name][key]) for key, value in seen[name].items()}
            for name in classifiers
        },
        corrected(intervals, p_values),
    )


def _interval(value: float, drawn: Values) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(drawn, (tail, 1 - tail))
    return Interval(value, float(low), float(high))


def _p(drawn: Values) -> float:
    """Of percentiles read the other way round; one is added, as no finite draws prove a p of 0."""
    known = drawn[~np.isnan(drawn)]
    smaller = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(1.0, 2 * (smaller + 1) / (len(known) + 1))


def _right(rows: Predictions) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = rows.log_probabilities.argmax(axis=1) == rows.labels
    return right


def _drawn_counts(rows: int, draws: int, seed: int) -> Iterator[Values]:
    """How often each row was drawn, `[B, N]`, in parts."""
    random = np.random.default_rng(seed)
    for start in range(0, draws, _DRAWS_AT_ONCE):
        size = min(_DRAWS_AT_ONCE, draws - start)
        places = random.integers(rows, size=(size, rows)) + rows * np.arange(size)[:, None]
        counts = np.bincount(places.ravel(), minlength=size * rows)
        yield counts.reshape(size, rows).astype(np.float64)


def _figures_of_draws(
    classifiers: Mapping[str, Predictions], class_counts: Mapping[str, int], draws: int, seed: int
) -> dict[str, dict[str, Values]]:
    """Classifier to key of the figure to its value of each draw, `[draws]`; NaN without any."""
    sums: dict[str, list[Values]] = {name: [] for name in classifiers}
    added = {name: _added(rows) for name, rows in classifiers.items()}
    (count,) = {len(rows.labels) for rows in classifiers.values()}
    for counts in _drawn_counts(count, draws, seed):
        for name, of_rows in added.items():
            sums[name].append(counts @ of_rows)
    return {
        name: _figures_of_sums(
            np.concatenate(sums[name]) / count,
            len(rows.classes),
            [rows.classes.index(rare) for rare in rare_classes(class_counts)],
        )
        for name, rows in classifiers.items()
    }


def _added(rows: Predictions) -> Values:
    """`[N, K]` what each row adds to the K sums that all figures are made of."""
    plain = rows.probabilities()
    tempered = rows.probabilities(cross_fitted_temperatures(rows))
    of_class = np.eye(len(rows.classes))
    true, called = of_class[rows.labels], of_class[plain.argmax(axis=1)]
    return np.hstack(
        [
            *(true * called, true, called),
            *(_surplus(plain, rows.labels), _surplus(tempered, rows.labels)),
            *(_losses(plain, rows.labels), _losses(tempered, rows.labels)),
        ]
    )


def _figures_of_sums(sums: Values, classes: int, rare: Sequence[int]) -> dict[str, Values]:
    """Key of the figure to its value, `[draws]`, of the sums `[draws, K]` of `_added`, by N."""
    ends = np.cumsum([classes, classes, classes, CALIBRATION_BINS, CALIBRATION_BINS])
    hits, true, called, surplus, tempered_surplus, losses = np.split(sums, ends, axis=1)
    # A class that a draw lacks has no figure in it.
    with np.errstate(invalid="ignore"):
        recall, f1 = hits / true, 2 * hits / (true + called)
    return {
        "accuracy": hits.sum(axis=1),
        "macro_f1": _mean_of_defined(f1),
        "rare_recall": _mean_of_defined(recall[:, rare]),
        "rare_f1": _mean_of_defined(f1[:, rare]),
        "ece": np.abs(surplus).sum(axis=1),
        "tempered_ece": np.abs(tempered_surplus).sum(axis=1),
        "log_loss": losses[:, 0],
        "tempered_log_loss": losses[:, 1],
    }


def _mean_of_defined(values: Values) -> Values:
    """`[B]` of `[B, K]`; NaN where none is defined."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: Values = np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1)
    return mean


def _surplus(shares: Values, labels: NDArray[np.int64]) -> Values:
    """`[N, bins]` what each row adds to accuracy minus confidence of its bin."""
    confidence = shares.max(axis=1)
    edges = np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS
    of_row = (shares.argmax(axis=1) == labels) - confidence
    bins: Values = np.eye(CALIBRATION_BINS)[np.searchsorted(edges, confidence, side="left")]
    surplus: Values = bins * of_row[:, None]
    return surplus


def _losses(shares: Values, labels: NDArray[np.int64]) -> Values:
    of_label = shares[np.arange(len(labels)), labels]
    found: Values = -np.log(np.maximum(of_label, np.finfo(shares.dtype).eps))
    return found[:, None]
