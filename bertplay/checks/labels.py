"""A check for labels that are likely wrong: BP401."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bertplay.checks.result import CheckResult, fired, not_applicable, passed
from bertplay.checks.thresholds import Thresholds
from bertplay.diagnostics.confident_learning import doubted_labels

FEWEST_ROWS = 100
"""Of fewer validation rows, a rate of errors cannot be told from chance."""

_FEWEST_DOUBTS = 4
_NAMED = 5


def label_errors(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    ids: Sequence[str],
    thresholds: Thresholds,
) -> CheckResult:
    """BP401: more labels contradict a model that is sure than there are rows it is unsure of.

    That a model doubts labels says little by itself: where texts do not settle the answer, it has
    to. But then it is unsure of many rows. So the check fires where at least `label_errors` of the
    rows are doubted at a confidence of `label_confidence`, four of them at least, and fewer rows
    are left that the model is unsure of; see `doubted_labels` for both.

    Args:
        probabilities: `[N, C]` of rows that were not trained on.
        labels: `[N]` class numbers.
        classes: the C names.
        ids: N row names, for the message.
        thresholds: from where on it fires.
    """
    if len(labels) < FEWEST_ROWS:
        return not_applicable("BP401", f"there are fewer than {FEWEST_ROWS} validation rows")
    doubts = doubted_labels(probabilities, labels, thresholds.label_confidence)
    rows = np.flatnonzero(doubts.rows)
    fewest = max(thresholds.label_errors * len(labels), _FEWEST_DOUBTS, doubts.unsure + 1)
    if len(rows) < fewest:
        return passed("BP401")
    worst = rows[np.argsort(-doubts.confidence[rows], kind="stable")][:_NAMED]
    named = ", ".join(
        f"{ids[row]} ({classes[labels[row]]}, looks like {classes[probabilities[row].argmax()]})"
        for row in worst
    )
    return fired(
        "BP401",
        f"{len(rows)} of {len(labels):,} validation labels are likely wrong, and then about as "
        f"large a share of the training labels: {named}. Look at them; --loss gce is bounded for "
        "such rows.",
    )
