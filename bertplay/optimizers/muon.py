"""Muon: momentum made orthogonal, for the matrices of hidden layers."""

from __future__ import annotations

from typing import Any, Literal

import mlx.core as mx
import mlx.optimizers as optim


class Muon(optim.Muon):
    """Muon (Jordan et al. 2024) with decoupled weight decay and a choice of scale.

    The momentum is replaced by about the nearest matrix with orthogonal rows or columns, by Newton
    and Schulz's iteration, so that every direction moves alike. MLX's update, except that MLX adds
    the decay to the gradient, where orthogonalisation takes its size away; the authors' code and
    PyTorch's take `lr * weight_decay` of the weights off, and so does this.

    Args:
        learning_rate: the rate.
        momentum: of the running mean of the gradient.
        nesterov: look ahead by one step of the momentum.
        ns_steps: iterations.
        adjust: what the rate is multiplied by for a matrix `[A, B]`: "original" by
            `sqrt(max(1, A / B))`; "match_rms_adamw" by `0.2 sqrt(max(A, B))`, which makes updates
            as large as AdamW's, so that AdamW's rates and decay serve (Liu et al. 2025).
        weight_decay: part of the weights, times the rate, that is taken off.

    References:
        Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024.
        Liu et al., Muon is Scalable for LLM Training, 2025.
    """

    def __init__(
        self,
        learning_rate: float,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_steps: int = 5,
        adjust: Literal["match_rms_adamw", "original"] = "match_rms_adamw",
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            learning_rate,
            momentum=momentum,
            weight_decay=0.0,
            nesterov=nesterov,
            ns_steps=ns_steps,
        )
        self.adjust = adjust
        self.decoupled_decay = weight_decay

    def apply_single(
        self, gradient: mx.array, parameter: mx.array, state: dict[str, Any]
    ) -> mx.array:
        """The parameter after one step; the momentum in the state is renewed."""
        change = super().apply_single(gradient, mx.zeros_like(parameter), state)
        if self.adjust == "match_rms_adamw":
            # MLX has multiplied by the original factor, of which this is the rest.
            change = 0.2 * parameter.shape[-1] ** 0.5 * change
        rate = self.learning_rate.astype(parameter.dtype)
        moved: mx.array = parameter * (1 - rate * self.decoupled_decay) + change
        return moved
