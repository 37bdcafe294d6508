"""Checks of what a classifier predicts on held-out rows: BP201 to BP204."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bertplay.checks.result import CheckResult, fired, not_applicable, passed
from bertplay.checks.thresholds import Thresholds
from bertplay.metrics import Metrics

_COLLAPSED = "the model has collapsed to one class, and whatever else is wrong comes from that"


def prediction_checks(
    metrics: Metrics, class_counts: Mapping[str, int], thresholds: Thresholds
) -> tuple[CheckResult, ...]:
    """BP201 to BP203: what the figures of an evaluation say.

    - BP201: at least `collapse_share` of the predictions are one class, and the rows are not: they
      hold other classes that are never predicted or have more than `1 - collapse_share` of the
      rows.
    - BP202: classes that have rows, and no prediction.
    - BP203: the mean confidence exceeds the accuracy by more than `overconfidence_gap` and
      `overconfidence_errors` standard errors, and the expected calibration error is more than
      `overconfidence_ece`.

    Args:
        metrics: what `bertplay.metrics.evaluate` found.
        class_counts: class to its number of training rows, for the cause.
        thresholds: from where on they fire.

    Returns:
        One result a check.

    Raises:
        ValueError: class_counts names other classes than metrics.
    """
    if set(class_counts) != set(metrics.per_class):
        raise ValueError(
            f"class_counts has the classes {sorted(class_counts)}: expected those of metrics, "
            f"{sorted(metrics.per_class)}"
        )
    collapse = _collapse(metrics, class_counts, thresholds)
    if collapse.status == "fired":
        return collapse, not_applicable("BP202", _COLLAPSED), not_applicable("BP203", _COLLAPSED)
    return (
        collapse,
        _never_predicted(metrics, class_counts),
        _overconfidence(metrics, thresholds),
    )


def underconfidence(
    metrics: Metrics, softening: Mapping[str, float], progress: float, thresholds: Thresholds
) -> CheckResult:
    """BP204: the accuracy exceeds the mean confidence by more than `underconfidence_gap`.

    Args:
        metrics: of the held-out rows.
        softening: options of the loss that keep a model from being sure, with their values.
        progress: how much of the training is done, from 0 to 1.
        thresholds: from where on it fires.
    """
    if not softening:
        return not_applicable("BP204", "the loss has neither label smoothing nor gamma")
    if progress < 0.5:
        return not_applicable("BP204", "before half of the steps, no model is sure")
    gap = metrics.accuracy - metrics.mean_confidence
    if gap <= thresholds.underconfidence_gap:
        return passed("BP204")
    listed = " and ".join(f"{name} {value:g}" for name, value in softening.items())
    return fired(
        "BP204",
        f"The model is underconfident: right in {metrics.accuracy:.0%} of the rows and only "
        f"{metrics.mean_confidence:.0%} sure on average. Its loss keeps it from being surer, by "
        f"{listed}: lower them, or fit a temperature afterwards.",
    )


def _collapse(
    metrics: Metrics, class_counts: Mapping[str, int], thresholds: Thresholds
) -> CheckResult:
    predicted = _predicted_rows(metrics)
    rows = sum(predicted.values())
    name = max(predicted, key=lambda n: predicted[n])
    others = rows - metrics.per_class[name]["support"]
    if predicted[name] < thresholds.collapse_share * rows or others == 0:
        return passed("BP201")
    if predicted[name] < rows and others <= (1 - thresholds.collapse_share) * rows:
        return passed("BP201")
    # The share of the training rows tells a model that learned only the prior from one pushed away.
    most_frequent = class_counts[name] == max(class_counts.values())
    cause = (
        f"it learned only that {name!r} is frequent: train longer or with another learning rate, "
        "or give the rare classes more weight (alpha or class weights 'balanced')"
        if most_frequent
        else f"{name!r} is not the most frequent class, so its weight or the learning rate is "
        "too high: lower one of them"
    )
    return fired(
        "BP201",
        f"The model has collapsed to one class: {predicted[name]} of {rows} predictions are "
        f"{name!r}, though {others} rows belong to other classes. Probably {cause}.",
        about=name,
    )


def _never_predicted(metrics: Metrics, class_counts: Mapping[str, int]) -> CheckResult:
    predicted = _predicted_rows(metrics)
    missing = [
        name
        for name, figures in metrics.per_class.items()
        if figures["support"] and not predicted[name]
    ]
    if not missing:
        return passed("BP202")
    total = sum(class_counts.values())
    listed = ", ".join(
        f"{name!r} ({class_counts[name]} of {total} training rows)" for name in missing
    )
    return fired(
        "BP202",
        f"Never predicted, though the table has rows of it: {listed}. Give rare classes more "
        "weight (alpha or class weights 'balanced'), train longer, or collect more rows of them.",
        about=", ".join(missing),
    )


def _overconfidence(metrics: Metrics, thresholds: Thresholds) -> CheckResult:
    rows = sum(map(sum, metrics.confusion_matrix))
    gap = metrics.mean_confidence - metrics.accuracy
    noise = math.sqrt(metrics.accuracy * (1 - metrics.accuracy) / rows)
    limit = max(thresholds.overconfidence_gap, thresholds.overconfidence_errors * noise)
    if gap <= limit or metrics.ece <= thresholds.overconfidence_ece:
        return passed("BP203")
    return fired(
        "BP203",
        f"The model is overconfident: it is {metrics.mean_confidence:.0%} sure on average and "
        f"right in {metrics.accuracy:.0%} of the rows (calibration error {metrics.ece:.2f}). "
        "Probably it trained too long: stop earlier, or use label smoothing or a focal loss.",
    )


def _predicted_rows(metrics: Metrics) -> dict[str, int]:
    columns = zip(*metrics.confusion_matrix, strict=True)
    return dict(zip(metrics.per_class, map(sum, columns), strict=True))
