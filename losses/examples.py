"""The core of every loss: a batch of examples, and the loss of each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import mlx.core as mx
import numpy as np

from bertplay.losses.argument_checks import host_values, require
from bertplay.losses.softmax import accurate_softmax
from bertplay.losses.targets import check_targets, known_labels, smooth, target_distribution

Adjustment: TypeAlias = Callable[[mx.array, mx.array], mx.array]

# The smallest 1 - p whose power is taken: below it the focal loss is 0 in float32 and its
# derivative with respect to 1 - p, infinite at 0 for gamma < 1, must not be.
_SMALLEST_COMPLEMENT = 1e-30


@dataclass(frozen=True)
class Examples:
    """What every loss needs of a batch of N rows and C classes, in float32."""

    surprisal: mx.array  # -log p, [N, C]
    complement: mx.array  # 1 - p, [N, C]
    probability: mx.array  # p, [N, C]
    distribution: mx.array  # q before smoothing, [N, C]
    known: mx.array | None  # whether the label is one of the classes, [N]; None for soft labels
    sample_weights: mx.array | None  # [N]

    @property
    def has_labels(self) -> bool:
        """Whether the targets are labels, not probabilities."""
        return self.known is not None


def read_examples(
    logits: mx.array,
    targets: mx.array,
    sample_weights: mx.array | None,
    ignore_index: int | None,
    *,
    adjust: Adjustment | None = None,
) -> Examples:
    """Check a loss's arrays and bring them into float32.

    The logits of rows that weigh 0 are replaced before anything is computed from them, so that
    they reach neither the value nor the gradient, whatever they are.

    Args:
        logits: `[N, C]`.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        sample_weights: `[N]`, or None.
        ignore_index: label of rows that are to weigh 0, or None.
        adjust: makes other logits of them: of `[N, C]` float32, the largest of a row 0, and the
            targets as a distribution `[N, C]`.

    Raises:
        ValueError: a shape, a label or a weight is not as expected.
    """
    require(
        logits.ndim == 2 and logits.size > 0 and mx.issubdtype(logits.dtype, mx.floating),
        f"logits has shape {logits.shape} and dtype {logits.dtype}: expected floats of shape "
        "[N, C] with N and C at least 1",
    )
    rows, classes = logits.shape
    if sample_weights is not None:
        check_sample_weights(sample_weights, rows)
    if ignore_index is not None:
        sample_weights = _without_ignored(targets, sample_weights, ignore_index, rows)
    check_targets(targets, rows, classes, sample_weights)
    if sample_weights is not None:
        sample_weights = sample_weights.astype(mx.float32)
        logits = mx.where(sample_weights[:, None] != 0, logits, mx.zeros_like(logits))
    distribution = target_distribution(targets, classes)
    if adjust is not None:
        z = logits.astype(mx.float32)
        # From 0 downwards, so that what is added to large logits is not rounded away.
        logits = adjust(z - mx.stop_gradient(mx.max(z, axis=-1, keepdims=True)), distribution)
    softmax = accurate_softmax(logits)
    return Examples(
        surprisal=softmax.surprisal,
        complement=softmax.complement,
        probability=softmax.probability,
        distribution=distribution,
        known=known_labels(targets, classes),
        sample_weights=sample_weights,
    )


def example_losses(
    examples: Examples,
    *,
    gamma: mx.array | float | None = None,
    class_weights: mx.array | None = None,
    smoothing: mx.array | float | None = None,
) -> mx.array:
    """`sum_c q_c a_c (1 - p_c)^gamma (-log p_c)` of each example, `[N]` float32.

    None leaves a factor out, which gives the same numbers as gamma = 0, weights of 1 and no
    smoothing. A label outside 0..C-1, which a traced step cannot refuse, gives NaN, so that it
    cannot pass for training; its row has no gradient.
    """
    q = examples.distribution
    if smoothing is None and examples.has_labels:
        return _losses_of_labels(examples, gamma, class_weights)
    if smoothing is not None:
        q = smooth(q, smoothing)
    terms = q * examples.surprisal
    if class_weights is not None:
        terms = terms * class_weights
    if gamma is not None:
        terms = terms * _focusing(examples.complement, gamma)
    return sum_over_classes(terms, examples)


def _losses_of_labels(
    examples: Examples, gamma: mx.array | float | None, class_weights: mx.array | None
) -> mx.array:
    """The same where only the label's class counts: powers of N numbers, not of N times C."""
    q = examples.distribution
    losses = mx.sum(q * examples.surprisal, axis=-1)
    if class_weights is not None:
        losses = losses * mx.sum(q * class_weights, axis=-1)
    if gamma is not None:
        complement = mx.sum(q * examples.complement, axis=-1)
        losses = losses * _focusing(complement, gamma)
    return _nan_where_unknown(losses, examples)


def _focusing(complement: mx.array, gamma: mx.array | float) -> mx.array:
    """`(1 - p)^gamma`, with a finite derivative at p = 1 for every gamma."""
    return mx.power(mx.maximum(complement, _SMALLEST_COMPLEMENT), gamma)


def sum_over_classes(terms: mx.array, examples: Examples) -> mx.array:
    """The losses `[N]` of terms `[N, C]`; NaN where a label is none of the classes."""
    return _nan_where_unknown(mx.sum(terms, axis=-1), examples)


def _nan_where_unknown(losses: mx.array, examples: Examples) -> mx.array:
    if examples.known is None:
        return losses
    return mx.where(examples.known, losses, mx.nan)


def _without_ignored(
    targets: mx.array, sample_weights: mx.array | None, ignore_index: int, rows: int
) -> mx.array:
    """The sample weights, 0 where the label is the one to ignore."""
    require(
        targets.shape == (rows,) and mx.issubdtype(targets.dtype, mx.integer),
        f"ignore_index is {ignore_index}, but targets has shape {targets.shape} and dtype "
        f"{targets.dtype}: expected integer labels of shape ({rows},)",
    )
    weights = mx.ones(rows) if sample_weights is None else sample_weights
    return mx.where(targets == ignore_index, 0.0, weights.astype(mx.float32))


def check_sample_weights(sample_weights: mx.array, rows: int) -> None:
    """Check weights `[N]`; their values only where they are known.

    Raises:
        ValueError: another shape, or a weight that is negative or not finite.
    """
    require(
        sample_weights.shape == (rows,),
        f"sample_weights has shape {sample_weights.shape}: expected ({rows},), one for each row",
    )
    values = host_values(sample_weights)
    require(
        values is None or bool(np.isfinite(values).all() and (values >= 0).all()),
        "sample_weights has a weight that is negative or not finite: expected at least 0",
    )
