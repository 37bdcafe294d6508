"""Alarms: what is wrong with a classifier's predictions, why, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bertplay.metrics import Metrics

COLLAPSE_SHARE = 0.99
"""Share of the predictions that one class must have for the model to have collapsed to it."""

OVERCONFIDENCE_GAP = 0.05
"""How far the mean confidence must exceed the accuracy."""

OVERCONFIDENCE_STANDARD_ERRORS = 2.0
"""The same in standard errors of the accuracy, so that a small table's noise raises no alarm."""

OVERCONFIDENCE_ECE = 0.10
"""What the expected calibration error must exceed as well."""


@dataclass(frozen=True)
class Alarm:
    """Something wrong with the predictions.

    Attributes:
        code: "collapse", "never_predicted" or "overconfident".
        message: the cause and the cure, in one or two sentences.
    """

    code: str
    message: str


def alarms(metrics: Metrics, class_counts: Mapping[str, int]) -> list[Alarm]:
    """The alarms that the figures of an evaluation raise; none of them is good news.

    - `collapse`: at least `COLLAPSE_SHARE` of the predictions are one class, and the rows are not:
      they hold other classes that are never predicted or have more than `1 - COLLAPSE_SHARE` of
      the rows.
    - `never_predicted`: classes that have rows, and no prediction.
    - `overconfident`: the mean confidence exceeds the accuracy by more than `OVERCONFIDENCE_GAP`
      and `OVERCONFIDENCE_STANDARD_ERRORS`, and the expected calibration error is more than
      `OVERCONFIDENCE_ECE`.

    A model that collapsed raises no other alarm: whatever else is wrong comes from that.

    Args:
        metrics: what `bertplay.metrics.evaluate` found.
        class_counts: class to its number of training rows, for the cause.

    Returns:
        The alarms in the order above; empty where all is well.

    Raises:
        ValueError: class_counts names other classes than metrics.
    """
    if set(class_counts) != set(metrics.per_class):
        raise ValueError(
            f"class_counts has the classes {sorted(class_counts)}: expected those of metrics, "
            f"{sorted(metrics.per_class)}"
        )
    if collapse := _collapse(metrics, class_counts):
        return [collapse]
    found = [_never_predicted(metrics, class_counts), _overconfident(metrics)]
    return [alarm for alarm in found if alarm is not None]


def _collapse(metrics: Metrics, class_counts: Mapping[str, int]) -> Alarm | None:
    predicted = _predicted_rows(metrics)
    rows = sum(predicted.values())
    name = max(predicted, key=lambda n: predicted[n])
    others = rows - metrics.per_class[name]["support"]
    if predicted[name] < COLLAPSE_SHARE * rows or others == 0:
        return None
    if predicted[name] < rows and others <= (1 - COLLAPSE_SHARE) * rows:
        return None
    # The share of the training rows tells a model that learned only the prior from one pushed away.
    most_frequent = class_counts[name] == max(class_counts.values())
    cause = (
        f"it learned only that {name!r} is frequent: train longer or with another learning rate, "
        "or give the rare classes more weight (alpha or class weights 'balanced')"
        if most_frequent
        else f"{name!r} is not the most frequent class, so its weight or the learning rate is "
        "too high: lower one of them"
    )
    return Alarm(
        "collapse",
        f"The model has collapsed to one class: {predicted[name]} of {rows} predictions are "
        f"{name!r}, though {others} rows belong to other classes. Probably {cause}.",
    )


def _never_predicted(metrics: Metrics, class_counts: Mapping[str, int]) -> Alarm | None:
    predicted = _predicted_rows(metrics)
    missing = [
        name
        for name, figures in metrics.per_class.items()
        if figures["support"] and not predicted[name]
    ]
    if not missing:
        return None
    total = sum(class_counts.values())
    listed = ", ".join(
        f"{name!r} ({class_counts[name]} of {total} training rows)" for name in missing
    )
    return Alarm(
        "never_predicted",
        f"Never predicted, though the table has rows of it: {listed}. Give rare classes more "
        "weight (alpha or class weights 'balanced'), train longer, or collect more rows of them.",
    )


def _overconfident(metrics: Metrics) -> Alarm | None:
    rows = sum(map(sum, metrics.confusion_matrix))
    gap = metrics.mean_confidence - metrics.accuracy
    noise = math.sqrt(metrics.accuracy * (1 - metrics.accuracy) / rows)
    if (
        gap <= max(OVERCONFIDENCE_GAP, OVERCONFIDENCE_STANDARD_ERRORS * noise)
        or metrics.ece <= OVERCONFIDENCE_ECE
    ):
        return None
    return Alarm(
        "overconfident",
        f"The model is overconfident: it is {metrics.mean_confidence:.0%} sure on average and "
        f"right in {metrics.accuracy:.0%} of the rows (calibration error {metrics.ece:.2f}). "
        "Probably it trained too long: stop earlier, or use label smoothing or a focal loss.",
    )


def _predicted_rows(metrics: Metrics) -> dict[str, int]:
    columns = zip(*metrics.confusion_matrix, strict=True)
    return dict(zip(metrics.per_class, map(sum, columns), strict=True))
