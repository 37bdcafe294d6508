"""Targets as a distribution over classes: labels or soft labels, smoothed."""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from bertplay.losses.argument_checks import host_values, require
from bertplay.losses.class_numbers import class_numbers


def check_targets(
    targets: mx.array, rows: int, classes: int, sample_weights: mx.array | None
) -> None:
    """Check labels `[N]` or probabilities `[N, C]`; their values only where they are known.

    Rows that weigh 0 may hold anything, so that padding needs no label of its own.

    Raises:
        ValueError: the shape or dtype does not fit; a label is outside 0..C-1; soft labels are
            negative or do not sum to 1.
    """
    is_label = mx.issubdtype(targets.dtype, mx.integer)
    expected = f"expected integer labels of shape ({rows},) or probabilities ({rows}, {classes})"
    require(
        targets.shape == ((rows,) if is_label else (rows, classes)),
        f"targets has shape {targets.shape} and dtype {targets.dtype}: {expected}",
    )
    values = host_values(targets)
    weights = np.ones(rows) if sample_weights is None else host_values(sample_weights)
    if values is None or weights is None:
        return
    values = values[weights != 0]
    if is_label:
        wrong = values[(values < 0) | (values >= classes)]
        require(
            wrong.size == 0,
            f"targets has the label {wrong[:1].tolist()}: expected labels from 0 to {classes - 1}",
        )
        return
    sums = values.sum(axis=-1, dtype=np.float64)
    require(
        bool((values >= 0).all() and (np.abs(sums - 1.0) <= 1e-2).all()),
        "targets has soft labels that are negative or do not sum to 1: expected probabilities",
    )


def known_labels(targets: mx.array, classes: int) -> mx.array | None:
    """Where labels `[N]` are in 0..C-1, computed on the device; None for soft labels."""
    return (targets >= 0) & (targets < classes) if targets.ndim == 1 else None


def target_distribution(targets: mx.array, classes: int) -> mx.array:
    """Labels `[N]` one-hot, or probabilities as they are: `[N, C]` float32."""
    if targets.ndim == 1:
        targets = targets[:, None] == class_numbers(classes)
    return targets.astype(mx.float32)


def smooth(distribution: mx.array, smoothing: mx.array | float) -> mx.array:
    """`(1 - eps) q + eps / C`, which still sums to 1 (Szegedy et al. 2016)."""
    return (1.0 - smoothing) * distribution + smoothing / distribution.shape[-1]
