"""One rise and one long fall, the 1cycle policy."""

from __future__ import annotations

import math

from bertplay.schedules.schedule import Curve


def one_cycle(
    peak: float,
    total_steps: int,
    *,
    pct_start: float,
    anneal: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Curve:
    """Rise from `peak / div_factor` to the peak, then fall far below the start.

    The rise ends at step `pct_start * total_steps - 1` (Smith & Topin 2018, in two phases, by the
    steps that PyTorch's OneCycleLR has).

    Args:
        peak: the highest rate.
        total_steps: of the training.
        pct_start: the part of the steps in which the rate rises, in [0, 1).
        anneal: "cos" for half waves, "linear" for straight lines.
        div_factor: the peak by the first rate.
        final_div_factor: the first rate by the last.
    """
    first = peak / div_factor
    last = first / final_div_factor
    top = max(pct_start * total_steps - 1, 0.0)
    end = max(total_steps - 1, top + 1)

    def between(start: float, stop: float, part: float) -> float:
        if anneal == "cos":
            part = (1 - math.cos(math.pi * part)) / 2
        return start + (stop - start) * part

    def rate(step: int) -> float:
        if step < top:
            return between(first, peak, step / top)
        return between(peak, last, min((step - top) / (end - top), 1.0))

    return rate
