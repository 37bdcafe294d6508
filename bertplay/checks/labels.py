"""A check for labels that are likely wrong: BP401."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bertplay.checks.label_noise import doubted_rows, label_noise
from bertplay.checks.result import CheckResult, fired, not_applicable, passed
from bertplay.checks.thresholds import Thresholds

FEWEST_ROWS = 100
"""Of fewer validation rows, a rate of errors cannot be told from chance."""

_NAMED = 5


def label_errors(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    ids: Sequence[str],
    thresholds: Thresholds,
) -> CheckResult:
    """BP401: labels contradict the model where it is surest, more than its confidence explains.

    Rows are doubted by confident learning (Northcutt et al. 2021). That a model doubts rows says
    little by itself: where texts do not settle the answer, it has to. So the check fires where a
    share of the labels that has nothing to do with how sure the model is explains them better than
    its confidence alone: see `label_noise`.

    Args:
        probabilities: `[N, C]` of rows that were not trained on.
        labels: `[N]` class numbers.
        classes: the C names.
        ids: N row names, for the message.
        thresholds: `label_errors` is the share, `label_evidence` the evidence that it takes.
    """
    if len(labels) < FEWEST_ROWS:
        return not_applicable("BP401", f"there are fewer than {FEWEST_ROWS} validation rows")
    noise = label_noise(probabilities, labels)
    likely = doubted_rows(probabilities, labels) & (noise.of_rows > 0.5)
    if (
        noise.share < thresholds.label_errors
        or noise.evidence < thresholds.label_evidence
        or likely.mean() < thresholds.label_errors
    ):
        return passed("BP401")
    worst = [row for row in np.argsort(-noise.of_rows, kind="stable") if likely[row]][:_NAMED]
    named = ", ".join(
        f"{ids[row]} ({classes[labels[row]]}, looks like {classes[probabilities[row].argmax()]})"
        for row in worst
    )
    return fired(
        "BP401",
        f"{int(likely.sum())} of {len(labels):,} validation labels are likely wrong, and then "
        f"about as large a share of the training labels: {named}. Look at them; --loss gce is "
        "bounded for such rows.",
    )
