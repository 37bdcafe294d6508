"""Adam with weight decay in the gradient."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import mlx.optimizers as optim


class Adam(optim.Adam):
    """Adam (Kingma & Ba 2015) with bias correction and an L2 penalty.

    MLX's Adam with `g + weight_decay * w` in place of the gradient `g`. The penalty is scaled like
    the gradient, so that weights with large gradients decay less; AdamW decays all alike.

    Args:
        learning_rate: the rate.
        betas: of the running means of the gradient and of its square.
        eps: is added to the denominator.
        weight_decay: factor of the penalty's gradient.
    """

    def __init__(
        self,
        learning_rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, betas=list(betas), eps=eps, bias_correction=True)
        self.weight_decay = weight_decay

    def apply_single(
        self, gradient: mx.array, parameter: mx.array, state: dict[str, Any]
    ) -> mx.array:
        """The parameter after one step; the running means in the state are renewed."""
        if self.weight_decay != 0:
            gradient = gradient + self.weight_decay * parameter
        moved: mx.array = super().apply_single(gradient, parameter, state)
        return moved
