"""Checks of how the losses went: BP205 to BP209."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bertplay.checks.result import CheckResult, fired, not_applicable, passed
from bertplay.checks.stretch import Stretch
from bertplay.checks.thresholds import Thresholds

FEWEST_STEPS = 20
"""Of fewer steps' losses nothing can be said."""

FEWEST_ROWS = 50
"""Of fewer validation rows the loss is mostly chance."""

_LATEST = 5  # stretches of the last epoch that stand for the loss now
_SURE = 3.0  # standard errors


@dataclass(frozen=True)
class Course:
    """How training went so far.

    Attributes:
        epochs: each one's stretches.
        rows_per_step: of the training rows, on average.
        progress: how much of the training is done, from 0 to 1.
        incomparable: why losses of different steps cannot be compared; empty where they can.
    """

    epochs: Sequence[Sequence[Stretch]]
    rows_per_step: float
    progress: float
    incomparable: str = ""


def course_checks(course: Course, thresholds: Thresholds) -> tuple[CheckResult, ...]:
    """BP205 to BP208: what the training losses say.

    With `first` the mean loss of the first tenth of the first epoch, and `now` that of the latter
    half of the last one:

    - BP205: `now` is less than `loss_drop` of `first` below it, or less than `slow_drop` and that
      within two standard errors.
    - BP206: the deviation of a step's loss, times the root of its rows, is more than
      `loss_variance` times `first`.
    - BP207: a tenth of the last epoch lies more than `loss_rise` of `first` above the lowest tenth
      before it, and more than three standard errors.
    - BP208: half of the steps are done, and `now` lies below `first`, but by less than `slow_drop`.
    """
    codes = ("BP205", "BP206", "BP207", "BP208")
    steps = sum(part.steps for epoch in course.epochs for part in epoch)
    first = course.epochs[0][0].loss
    reason = course.incomparable
    if steps < FEWEST_STEPS:
        reason = f"fewer than {FEWEST_STEPS} steps are done"
    elif first <= 0:
        reason = reason or "the loss is not above 0"
    if reason:
        return tuple(not_applicable(code, reason) for code in codes)
    decrease, slow = _decrease(course, thresholds)
    return decrease, _variance(course, thresholds), _rise(course, thresholds), slow


def validation_gap(
    validation_losses: Sequence[float],
    training_losses: Sequence[float],
    rows: int,
    thresholds: Thresholds,
    incomparable: str = "",
) -> CheckResult:
    """BP209: the validation loss has risen from its lowest epoch on, while the training loss fell.

    Args:
        validation_losses: one an epoch, of a loss that stays the same.
        training_losses: one an epoch.
        rows: of the validation table.
        thresholds: `validation_rise` is the part by which it must have risen.
        incomparable: why training losses cannot be compared; empty where they can.
    """
    if incomparable:
        return not_applicable("BP209", incomparable)
    if rows < FEWEST_ROWS:
        return not_applicable("BP209", f"there are fewer than {FEWEST_ROWS} validation rows")
    if len(validation_losses) < 2:
        return not_applicable("BP209", "it compares epochs, and there is one")
    best = min(range(len(validation_losses)), key=lambda epoch: validation_losses[epoch])
    lowest, now = validation_losses[best], validation_losses[-1]
    if now <= (1 + thresholds.validation_rise) * lowest or (
        training_losses[-1] >= training_losses[best]
    ):
        return passed("BP209")
    return fired(
        "BP209",
        f"The model learns its training rows by heart: since epoch {best + 1} the validation loss "
        f"has risen from {lowest:.3f} to {now:.3f}, while the training loss fell from "
        f"{training_losses[best]:.3f} to {training_losses[-1]:.3f}. Train for fewer epochs "
        "(--epochs, --patience), with more --dropout or on more rows.",
    )


def _decrease(course: Course, thresholds: Thresholds) -> tuple[CheckResult, CheckResult]:
    """BP205 and BP208, of which at most one fires."""
    if course.progress < 0.2:
        early = "the learning rate is still rising"
        return not_applicable("BP205", early), not_applicable("BP208", early)
    begin, end = course.epochs[0][0], course.epochs[-1][-_LATEST:]
    now = _mean(end)
    error = math.hypot(_error([begin]), _error(end))
    drop = (begin.loss - now) / begin.loss
    figures = f"from {begin.loss:.4f} to {now:.4f}"
    significant = begin.loss - now > 2 * error
    slow = passed("BP208")
    if drop < thresholds.loss_drop or (drop < thresholds.slow_drop and not significant):
        return fired(
            "BP205",
            f"The training loss does not decrease: it went {figures}. Look for a learning rate "
            "with `bertplay lr-find`, train more of the encoder, and look at some rows: do the "
            "texts say anything about the labels?",
        ), slow
    if course.progress < 0.5:
        slow = not_applicable("BP208", "half of the steps are not done")
    elif drop < thresholds.slow_drop:
        slow = fired(
            "BP208",
            f"The learning rate may be too low: the training loss decreases, but only {figures} so "
            "far. Try a higher --lr (`bertplay lr-find` suggests one), or more --epochs.",
        )
    return passed("BP205"), slow


def _variance(course: Course, thresholds: Thresholds) -> CheckResult:
    parts = [part for part in course.epochs[-1] if part.steps > 1]
    if not parts:
        return not_applicable("BP206", "an epoch has too few steps")
    freedom = sum(part.steps - 1 for part in parts)
    squares = sum(part.steps * part.deviation**2 for part in parts)
    deviation = math.sqrt(squares / freedom)
    first = course.epochs[0][0].loss
    if deviation * math.sqrt(course.rows_per_step) <= thresholds.loss_variance * first:
        return passed("BP206")
    return fired(
        "BP206",
        f"The loss varies much from step to step: by {deviation:.3f} around "
        f"{_mean(course.epochs[-1]):.3f}, more than batches of {course.rows_per_step:.0f} rows "
        "explain. Try a larger --batch-size or --accumulate and a lower --lr, and look at the rows "
        "with the largest losses.",
    )


def _rise(course: Course, thresholds: Thresholds) -> CheckResult:
    first, lowest = course.epochs[0][0].loss, course.epochs[0][0]
    for part in (part for epoch in course.epochs[:-1] for part in epoch):
        lowest = min(lowest, part, key=lambda stretch: stretch.loss)
    # A tenth may be a single step, so its noise is taken from the epoch.
    deviation = _deviation(course.epochs[-1])
    for part in course.epochs[-1]:
        rise = part.loss - lowest.loss
        noise = deviation * math.sqrt(1 / part.steps + 1 / lowest.steps)
        if rise > thresholds.loss_rise * first and rise > _SURE * noise:
            epoch = len(course.epochs)
            return fired(
                "BP207",
                f"The learning rate is probably too high: in epoch {epoch} the training loss rose "
                f"from {lowest.loss:.4f} to {part.loss:.4f}. Try a lower --lr or more --warmup.",
                about=f"epoch {epoch}",
            )
        lowest = min(lowest, part, key=lambda stretch: stretch.loss)
    return passed("BP207")


def _mean(parts: Sequence[Stretch]) -> float:
    return sum(part.steps * part.loss for part in parts) / sum(part.steps for part in parts)


def _deviation(parts: Sequence[Stretch]) -> float:
    """Of all steps' losses around their mean."""
    mean, steps = _mean(parts), sum(part.steps for part in parts)
    squares = sum(p.steps * (p.deviation**2 + (p.loss - mean) ** 2) for p in parts)
    return math.sqrt(squares / steps)


def _error(parts: Sequence[Stretch]) -> float:
    """Standard error of the mean."""
    steps = sum(part.steps for part in parts)
    return _deviation(parts) / math.sqrt(steps)
