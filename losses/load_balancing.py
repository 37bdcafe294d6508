"""Load balancing for a mixture of experts: no expert is to be left idle."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import require


def load_balancing_loss(probabilities: mx.array) -> mx.array:
    """How unevenly a batch is spread over the experts, from 0 to `1 - 1 / E`.

    `sum_e (f_e - 1 / E)^2` with f the mean routing probabilities of the batch.

    Example:
        >>> load_balancing_loss(mx.array([[1.0, 0.0], [1.0, 0.0]])).item()
        0.5

    Args:
        probabilities: `[N, E]`, or with more axes before the last, each row summing to 1.

    Returns:
        A scalar, float32.

    Raises:
        ValueError: there is no axis of rows, or no expert.
    """
    require(
        probabilities.ndim >= 2
        and probabilities.size > 0
        and mx.issubdtype(probabilities.dtype, mx.floating),
        f"probabilities has shape {probabilities.shape} and dtype {probabilities.dtype}: expected "
        "floats of shape [N, E]",
    )
    experts = probabilities.shape[-1]
    shares = mx.mean(probabilities.astype(mx.float32).reshape(-1, experts), axis=0)
    return mx.sum(mx.square(shares - 1.0 / experts))
