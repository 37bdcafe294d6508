"""Ranking losses: the order of scores within a list matters, not their values."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_at_least, check_positive, require
from bertplay.losses.softmax import accurate_softmax

_FAR_BELOW = -1e9  # a score that no softmax sees; finite, as infinity minus infinity is not


def pairwise_margin_loss(
    scores: mx.array,
    relevance: mx.array,
    *,
    margin: mx.array | float = 1.0,
    mask: mx.array | None = None,
) -> mx.array:
    """How far pairs of a list are from standing in the right order with a margin between them.

    `mean over lists of 1/|P| sum_P max(0, m - (s_i - s_j))`, with P the pairs (i, j) of a list in
    which i is more relevant than j; a list without such a pair counts not at all.

    Example:
        >>> pairwise_margin_loss(mx.array([[0.0, 0.5]]), mx.array([[1, 0]])).item()
        1.5

    Args:
        scores: s, `[B, D]` for B lists of D items; fp16 and bf16 are computed in float32.
        relevance: `[B, D]`, larger is better; equal ones make no pair.
        margin: m, at least 0.
        mask: `[B, D]`, true for an item, false for what fills a list up; None if all are items.

    Returns:
        A scalar, float32; 0 if no list has a pair.

    Raises:
        ValueError: the shapes do not fit, or margin is negative.

    Reference:
        Herbrich et al., Large Margin Rank Boundaries for Ordinal Regression, 2000.
    """
    check_at_least("margin", margin, 0.0)
    s, r, items = _read(scores, relevance, mask)
    better = r[:, :, None] > r[:, None, :]
    better = better & items[:, :, None] & items[:, None, :]
    apart = s[:, :, None] - s[:, None, :]
    missing = mx.where(better, mx.maximum(margin - apart, 0.0), 0.0)
    pairs = mx.sum(better, axis=(1, 2))
    per_list = mx.sum(missing, axis=(1, 2)) / mx.maximum(pairs, 1)
    return mx.sum(per_list) / mx.maximum(mx.sum(pairs > 0), 1)


def listnet_loss(
    scores: mx.array,
    relevance: mx.array,
    *,
    temperature: mx.array | float = 1.0,
    mask: mx.array | None = None,
) -> mx.array:
    """Cross-entropy between the chances of each item to be the best of its list, in nats.

    `mean over lists of -sum_i q_i log p_i` with `q = softmax(relevance / T)` and
    `p = softmax(scores)` over the items of the list.

    Example:
        >>> round(listnet_loss(mx.zeros((1, 4)), mx.array([[3, 1, 0, 0]])).item(), 4)
        1.3863

    Args:
        scores: `[B, D]` for B lists of D items; fp16 and bf16 are computed in float32.
        relevance: `[B, D]`, larger is better.
        temperature: T, greater than 0; smaller makes the best item's chance larger.
        mask: `[B, D]`, true for an item, false for what fills a list up; None if all are items.

    Returns:
        A scalar, float32; a list without items counts not at all, and 0 if no list has any.

    Raises:
        ValueError: the shapes do not fit, or temperature is not greater than 0.

    Reference:
        Cao et al., Learning to Rank: From Pairwise Approach to Listwise Approach, ICML 2007.
    """
    check_positive("temperature", temperature)
    s, r, items = _read(scores, relevance, mask)
    surprisal = accurate_softmax(mx.where(items, s, _FAR_BELOW)).surprisal
    wanted = accurate_softmax(mx.where(items, r / temperature, _FAR_BELOW)).surprisal
    terms = mx.where(items, mx.exp(-wanted) * surprisal, 0.0)
    there = mx.any(items, axis=1)
    return mx.sum(terms) / mx.maximum(mx.sum(there), 1)


def _read(
    scores: mx.array, relevance: mx.array, mask: mx.array | None
) -> tuple[mx.array, mx.array, mx.array]:
    """Checked arrays in float32; what is no item holds zeros."""
    require(
        scores.ndim == 2 and scores.size > 0 and mx.issubdtype(scores.dtype, mx.floating),
        f"scores has shape {scores.shape} and dtype {scores.dtype}: expected floats of shape "
        "[B, D], a row for each list",
    )
    for name, array in (("relevance", relevance), ("mask", mask)):
        require(
            array is None or array.shape == scores.shape,
            f"{name} has shape {getattr(array, 'shape', None)}: expected {scores.shape}",
        )
    items = mx.ones(scores.shape, dtype=mx.bool_) if mask is None else mask.astype(mx.bool_)
    s, r = scores.astype(mx.float32), relevance.astype(mx.float32)
    return mx.where(items, s, 0.0), mx.where(items, r, 0.0), items
