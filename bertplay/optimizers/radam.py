"""RAdam: Adam that waits with its adaptive rate until the rate's variance is known."""

from __future__ import annotations

import math
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim


class RAdam(optim.Optimizer):
    """Rectified Adam (Liu et al. 2020) with decoupled weight decay.

    With `m` and `v` Adam's running means, `t = 1, 2, ...` the step and
    `rho_t = rho_inf - 2 t b2^t / (1 - b2^t)`, `rho_inf = 2 / (1 - b2) - 1`:

        w <- w - lr weight_decay w - lr m / (1 - b1^t) * (r_t sqrt(1 - b2^t) / (sqrt(v) + eps))
        r_t = sqrt((rho_t - 4)(rho_t - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho_t))

    While `rho_t <= 5`, the first five steps with the default `b2`, the last factor is 1: momentum
    alone. The paper's bound is 4; 5 is that of the authors' code and of PyTorch.

    Args:
        learning_rate: the rate.
        betas: of the running means of the gradient and of its square.
        eps: is added to the denominator.
        weight_decay: part of the weights, times the rate, that is taken off.

    Reference:
        Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, ICLR 2020.
    """

    def __init__(
        self,
        learning_rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__()
        self._maybe_schedule("learning_rate", learning_rate)
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay

    def init_single(self, parameter: mx.array, state: dict[str, Any]) -> None:
        """Start the running means at 0."""
        state["m"] = mx.zeros_like(parameter)
        state["v"] = mx.zeros_like(parameter)

    def apply_single(
        self, gradient: mx.array, parameter: mx.array, state: dict[str, Any]
    ) -> mx.array:
        """The parameter after one step; the running means in the state are renewed."""
        beta1, beta2 = self.betas
        state["m"] = beta1 * state["m"] + (1 - beta1) * gradient
        state["v"] = beta2 * state["v"] + (1 - beta2) * mx.square(gradient)
        adaptive, plain, kept = self._factors().astype(gradient.dtype)
        scale = adaptive / (mx.sqrt(state["v"]) + self.eps) + plain
        moved: mx.array = parameter * kept - scale * state["m"]
        return moved

    def _factors(self) -> mx.array:
        """`[3]`: of `m / sqrt(v)`, of `m` alone, one of which is 0, and of the weights."""
        beta1, beta2 = self.betas
        step = self.step.astype(mx.float32)
        rate = self.learning_rate.astype(mx.float32)
        corrected = rate / _one_minus_power(beta1, step)
        of_size = _rectification(beta2, step) * mx.sqrt(_one_minus_power(beta2, step))
        adapts = _length(beta2, step) > 5
        # Stacked, as a compiled step would compute lone scalars again for every weight.
        return mx.stack(
            [
                mx.where(adapts, corrected * of_size, 0.0),
                mx.where(adapts, 0.0, corrected),
                1 - rate * self.weight_decay,
            ]
        )


def _one_minus_power(beta: float, step: mx.array) -> mx.array:
    """`1 - beta^t`, which float32 has few digits of where `beta^t` is near 1."""
    return -mx.expm1(step * math.log(beta)) if beta > 0 else mx.ones_like(step)


def _length(beta2: float, step: mx.array) -> mx.array:
    """`rho_t`, the length of the simple moving average that the running mean stands for.

    With `L = -log(b2)` and `x = t L` it is `2/(1 - b2) - 1 - 2/L + (2/L)(1 - x / (e^x - 1))`. The
    difference of two thousands that the definition is would leave float32 three digits; here the
    constant is computed in float64, and the bracket for small x as its power series.
    """
    if beta2 == 0:
        return mx.ones_like(step)
    rate = -math.log(beta2)
    constant = 2 / (1 - beta2) - 1 - 2 / rate
    x = step * rate
    square = mx.square(x)
    series = x / 2 - square / 12 * (
        1 - square / 60 * (1 - square / 42 * (1 - square / 40 * (1 - square * 5 / 198)))
    )
    large = mx.maximum(x, 1.0)
    bracket = mx.where(x < 1, series, 1 - large / mx.expm1(mx.minimum(large, 80.0)))
    return constant + 2 / rate * bracket


def _rectification(beta2: float, step: mx.array) -> mx.array:
    """`r_t`; 1 where `rho_t` is too small for it."""
    longest = 2 / (1 - beta2) - 1
    if longest <= 5:
        return mx.ones_like(step)
    length = mx.maximum(_length(beta2, step), 5.0)
    full = longest / ((longest - 4) * (longest - 2))
    return mx.sqrt((length - 4) * (length - 2) * full / length)
