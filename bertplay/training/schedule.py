"""Learning rates as functions of the step, computed on the device."""

from __future__ import annotations

import math
from collections.abc import Callable

import mlx.core as mx


def warmup_then_decay(
    peak: float, total_steps: int, *, warmup: float = 0.1, decay: str = "linear"
) -> Callable[[mx.array], mx.array]:
    """A linear rise to the peak and a linear or cosine fall to 0.

    With w = ceil(warmup * total_steps) and t = 0, 1, ... the step: `peak (t + 1) / w` while t < w,
    then, with u = (t - w) / (total_steps - w), `peak (1 - u)` or `peak (1 + cos(pi u)) / 2`. The
    first step already moves the weights, and the step after the last would have rate 0.

    Args:
        peak: the highest learning rate.
        total_steps: optimizer steps of the whole run, at least 1.
        warmup: the part of the steps in which the rate rises, in [0, 1).
        decay: "linear" or "cosine" (Loshchilov & Hutter 2017, without restarts).

    Returns:
        A function from the step, a scalar `mx.array`, to the rate; MLX's optimizers take it as
        their learning rate.

    Raises:
        ValueError: an argument is outside its range.
    """
    if total_steps < 1:
        raise ValueError(f"total_steps is {total_steps}: it must be at least 1")
    if not 0 <= warmup < 1:
        raise ValueError(f"warmup is {warmup}: it must be at least 0 and below 1")
    if decay not in ("linear", "cosine"):
        raise ValueError(f"decay is {decay!r}: it must be 'linear' or 'cosine'")
    rising = math.ceil(warmup * total_steps)
    falling = max(total_steps - rising, 1)

    def learning_rate(step: mx.array) -> mx.array:
        done = step.astype(mx.float32)
        rest = 1 - mx.clip((done - rising) / falling, 0.0, 1.0)
        if decay == "cosine":
            rest = (1 - mx.cos(math.pi * rest)) / 2
        return peak * mx.minimum((done + 1) / max(rising, 1), rest) if rising else peak * rest

    return learning_rate
