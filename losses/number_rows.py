"""Rows of several outputs, each with a target of its own, in float32."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import require
from bertplay.losses.examples import check_sample_weights


def read_number_rows(
    outputs: mx.array,
    targets: mx.array,
    sample_weights: mx.array | None,
    *,
    name: str,
    axis: str,
    wanted: str,
) -> tuple[mx.array, mx.array, mx.array | None]:
    """Outputs, targets and weights, checked; rows that weigh 0 hold zeros, whatever they held.

    Args:
        outputs: `[N, K]`.
        targets: `[N, K]`.
        sample_weights: `[N]`, or None.
        name: of the outputs, for errors.
        axis: what errors call K.
        wanted: what a target is, for errors.

    Raises:
        ValueError: a shape does not fit, or a weight is negative or not finite.
    """
    require(
        outputs.ndim == 2 and outputs.size > 0 and mx.issubdtype(outputs.dtype, mx.floating),
        f"{name} has shape {outputs.shape} and dtype {outputs.dtype}: expected floats of shape "
        f"[N, {axis}] with N and {axis} at least 1",
    )
    require(
        targets.shape == outputs.shape,
        f"targets has shape {targets.shape}: expected {outputs.shape}, {wanted}",
    )
    x, y = outputs.astype(mx.float32), targets.astype(mx.float32)
    if sample_weights is not None:
        check_sample_weights(sample_weights, len(outputs))
        sample_weights = sample_weights.astype(mx.float32)
        counts = sample_weights[:, None] != 0
        x, y = mx.where(counts, x, 0.0), mx.where(counts, y, 0.0)
    return x, y, sample_weights
