"""What a model does, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.diagnostics.class_intervals import class_intervals
from bertplay.report.wording import figure, percent

_CLEAR_GAP = 0.05
"""From this difference of confidence and accuracy on, a sentence is worth it."""


def findings(
    figures: Mapping[str, Any], baseline: Mapping[str, Any], which: str = "validation rows"
) -> tuple[str, ...]:
    """A few sentences about the figures of a label column.

    Args:
        figures: of `Metrics`, `MultiLabelMetrics` or `RegressionMetrics`, as summary.json has them.
        baseline: of the same rows.
        which: what the rows are called.
    """
    if "exact_match" in figures:
        return _several_labels(figures, baseline, which)
    if "ccc" in figures:
        return _numbers(figures, baseline, which)
    rows = sum(map(sum, figures["confusion_matrix"]))
    return (
        f"The model is right in {percent(figures['accuracy'])} of {rows:,} {which}; answering "
        f"'{baseline['majority_class']}' always would be right in "
        f"{percent(baseline['majority_accuracy'])}.",
        *_classes(figures),
        *_mistake(figures),
        *_confidence(figures),
    )


def _several_labels(
    figures: Mapping[str, Any], baseline: Mapping[str, Any], which: str
) -> tuple[str, ...]:
    without = ""
    if "exact_match" in baseline:
        always = percent(baseline["exact_match"])
        without = f"; answering the frequent classes always would be so in {always}"
    per_class = figures["per_class"]
    present = [name for name, of in per_class.items() if of["support"]]
    said = f"All classes are right in {percent(figures['exact_match'])} of the {which}{without}."
    if not present:
        return (said,)
    least = min(present, key=lambda name: per_class[name]["recall"])
    of = per_class[least]
    return (
        said,
        f"It finds '{least}' least: {percent(of['recall'])} of {of['support']:,} rows.",
    )


def _numbers(
    figures: Mapping[str, Any], baseline: Mapping[str, Any], which: str
) -> tuple[str, ...]:
    without = ""
    if "mae" in baseline:
        without = f"; answering the mean always would be off by {baseline['mae']:.3g}"
    return (
        f"On average it is off by {figures['mae']:.3g} on the {which}{without}. The concordance of "
        f"its numbers with the labels is {figure(figures['ccc'])}, where 1 is perfect.",
    )


def _classes(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """The rarest class, and the one that is found least, where that is another."""
    per_class = figures["per_class"]
    present = [name for name, of in per_class.items() if of["support"]]
    rarest = min(present, key=lambda name: per_class[name]["support"])
    least = min(present, key=lambda name: per_class[name]["recall"])
    confusion, place = figures["confusion_matrix"], list(per_class).index(rarest)
    bounds = class_intervals(confusion)[place].recall
    of, called = per_class[rarest], sum(row[place] for row in confusion)
    found = round(of["recall"] * of["support"])
    sure = f" (95% interval {percent(bounds[0])} to {percent(bounds[1])})" if bounds else ""
    precise = f"; of the rows it calls '{rarest}', {percent(of['precision'])} are" if called else ""
    sentences = [
        f"Of the {of['support']:,} rows of '{rarest}', the rarest class, it finds {found:,}, "
        f"{percent(of['recall'])}{sure}{precise}."
    ]
    if least != rarest:
        of = per_class[least]
        sentences.append(
            f"It finds '{least}' least: {percent(of['recall'])} of {of['support']:,} rows."
        )
    return tuple(sentences)


def _mistake(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """The most frequent confusion, where there is one."""
    names = list(figures["per_class"])
    mistakes = [
        (count, names[true], names[predicted])
        for true, counts in enumerate(figures["confusion_matrix"])
        for predicted, count in enumerate(counts)
        if predicted != true
    ]
    count, true, predicted = max(mistakes, key=lambda one: one[0])
    if not count:
        return ()
    support = figures["per_class"][true]["support"]
    return (
        f"Its most frequent mistake is to take '{true}' for '{predicted}': {count:,} of "
        f"{support:,} rows.",
    )


def _confidence(figures: Mapping[str, Any]) -> tuple[str, ...]:
    sure, right = figures["mean_confidence"], figures["accuracy"]
    if abs(sure - right) < _CLEAR_GAP:
        return ()
    kind = "surer than it should be" if sure > right else "less sure than it could be"
    return (
        f"It is {kind}: {percent(sure)} on average where {percent(right)} are right, a "
        f"calibration error of {figure(figures['ece'])}.",
    )
