"""From the losses of a learning-rate range test to a rate to train with."""

from __future__ import annotations

from dataclasses import dataclass

from bertplay.training.rate_range import RangeTest


@dataclass(frozen=True)
class RateSuggestion:
    """What a range test says.

    Attributes:
        rate: to train with, as the peak of a schedule; None where the test cannot tell.
        rate_of_minimum: where the running mean of the loss was lowest; None likewise.
        reason: a sentence: how the rate was found, or why none was.
    """

    rate: float | None
    rate_of_minimum: float | None
    reason: str


def suggested_rate(test: RangeTest, averaged: int) -> RateSuggestion:
    """The rate at which the loss itself was lowest.

    A running mean over the last `averaged` steps is late: the steps that it looks back on are
    `averaged - 1` old in the mean, and their rates were lower. So the rate is not that of the
    running mean's minimum but that of so many steps before. The steepest point, which is often
    read off instead, is the extreme of a difference of noisy losses, and moves by a factor of ten
    with the seed.

    Args:
        test: the losses.
        averaged: steps that the running mean looks back on; as many at the start do not count.
    """
    counted = range(averaged, len(test.smoothed))
    if len(counted) < 2:
        return RateSuggestion(
            None, None, "the loss diverged at once: start with a lower rate, --first-lr"
        )
    lowest = min(counted, key=lambda step: test.smoothed[step])
    if lowest == counted[0]:
        return RateSuggestion(
            None, None, "the loss fell at no rate: train with other options, or test more --steps"
        )
    if lowest == counted[-1] and not test.diverged:
        return RateSuggestion(
            None, None, "the loss was still falling at the end: go on to a higher rate, --last-lr"
        )
    early = max(lowest - (averaged - 1), 0)
    return RateSuggestion(
        test.rates[early],
        test.rates[lowest],
        f"{averaged - 1} steps, by which the running mean is late, before its minimum",
    )
