"""Adafactor: a second moment of a row and a column in place of a matrix."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import mlx.optimizers as optim


class Adafactor(optim.Adafactor):
    """Adafactor (Shazeer & Stern 2018) at a rate that is given, with decoupled weight decay.

    MLX's update without its own step sizes. Decay is the part `lr * weight_decay` of the weights,
    as in PyTorch; MLX's is smaller by the weights' size where the rate is relative to it.

    Args:
        learning_rate: the rate.
        decay_exponent: the running mean of the squares forgets by `1 - t^-decay_exponent`.
        clip_threshold: the update's root mean square is scaled down to it.
        scale_parameter: multiply the rate by the root mean square of the weights.
        eps2: the least that this root mean square counts as, so that weights of 0 can move.
        weight_decay: part of the weights, times the rate, that is taken off.

    Reference:
        Shazeer & Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, ICML 2018.
    """

    def __init__(
        self,
        learning_rate: float,
        decay_exponent: float = 0.8,
        clip_threshold: float = 1.0,
        scale_parameter: bool = False,
        eps2: float = 1e-3,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            learning_rate,
            eps=(1e-30, eps2),
            clip_threshold=clip_threshold,
            decay_rate=-decay_exponent,
            scale_parameter=scale_parameter,
            relative_step=False,
        )
        self.decoupled_decay = weight_decay

    def apply_single(
        self, gradient: mx.array, parameter: mx.array, state: dict[str, Any]
    ) -> mx.array:
        """The parameter after one step; the running means in the state are renewed."""
        moved: mx.array = super().apply_single(gradient, parameter, state)
        if self.decoupled_decay != 0:
            rate = self.learning_rate.astype(parameter.dtype)
            moved = moved - rate * self.decoupled_decay * parameter
        return moved
