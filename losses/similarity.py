"""Losses of similarity: what belongs together shall be near, the rest apart."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_at_least, check_positive, require
from bertplay.losses.softmax import accurate_softmax

# A length whose square is below this is none: the root's derivative would be infinite.
_SMALLEST_SQUARE = 1e-12
_FAR_BELOW = -1e9  # a similarity that no softmax sees; finite, as infinity minus infinity is not


def contrastive_loss(
    first: mx.array, second: mx.array, same: mx.array, *, margin: mx.array | float = 1.0
) -> mx.array:
    """Squared distance of pairs that belong together, and what others lack to the margin, squared.

    `mean of y d^2 / 2 + (1 - y) max(0, m - d)^2 / 2` with d the Euclidean distance.

    Example:
        >>> one, other = mx.array([[0.0, 0.0]]), mx.array([[3.0, 4.0]])
        >>> contrastive_loss(one, other, mx.array([1])).item()
        12.5

    Args:
        first: `[N, D]` features; fp16 and bf16 are computed in float32.
        second: `[N, D]`, a pair a row.
        same: y, `[N]`, 1 or true where the two belong together, else 0.
        margin: m, at least 0, a distance.

    Returns:
        A scalar, float32.

    Raises:
        ValueError: the shapes do not fit, or margin is negative.

    Reference:
        Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006.
    """
    check_at_least("margin", margin, 0.0)
    _require_features("first", first)
    require(
        second.shape == first.shape,
        f"second has shape {second.shape}: expected {first.shape}, a pair a row",
    )
    require(
        same.shape == (len(first),),
        f"same has shape {same.shape}: expected ({len(first)},), one for each pair",
    )
    apart = first.astype(mx.float32) - second.astype(mx.float32)
    squares = mx.sum(mx.square(apart), axis=-1)
    distances = mx.sqrt(mx.maximum(squares, _SMALLEST_SQUARE))
    lacking = mx.square(mx.maximum(margin - distances, 0.0))
    y = same.astype(mx.float32)
    return mx.mean(y * squares + (1.0 - y) * lacking) / 2


def supervised_contrastive_loss(
    features: mx.array, labels: mx.array, *, temperature: mx.array | float = 0.1
) -> mx.array:
    """Rows of one label find each other among all rows of the batch, in nats.

    `mean over i of -1/|P(i)| sum_{j in P(i)} log p_ij` with `p_i = softmax_j(f_i . f_j / T)` over
    all rows but i, f of length 1, and P(i) the other rows of i's label; rows that are alone with
    their label are only compared with.

    Example:
        >>> features = mx.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> round(supervised_contrastive_loss(features, mx.array([0, 0, 1])).item(), 4)
        0.0

    Args:
        features: `[N, D]`, of any length; fp16 and bf16 are computed in float32.
        labels: `[N]` integers.
        temperature: T, greater than 0.

    Returns:
        A scalar, float32; 0 if no two rows share a label.

    Raises:
        ValueError: the shapes do not fit, or temperature is not greater than 0.

    Reference:
        Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, equation 2.
    """
    check_positive("temperature", temperature)
    _require_features("features", features)
    rows = len(features)
    require(
        labels.shape == (rows,) and mx.issubdtype(labels.dtype, mx.integer),
        f"labels has shape {labels.shape} and dtype {labels.dtype}: expected integers of shape "
        f"({rows},)",
    )
    f = _normalised(features)
    itself = mx.eye(rows, dtype=mx.bool_)
    similarities = mx.where(itself, _FAR_BELOW, f @ f.T / temperature)
    surprisal = accurate_softmax(similarities).surprisal
    together = (labels[:, None] == labels[None, :]) & ~itself
    partners = mx.sum(together, axis=1)
    per_row = mx.sum(mx.where(together, surprisal, 0.0), axis=1) / mx.maximum(partners, 1)
    return mx.sum(per_row) / mx.maximum(mx.sum(partners > 0), 1)


def info_nce_loss(
    first: mx.array,
    second: mx.array,
    *,
    temperature: mx.array | float = 0.07,
    symmetric: bool = False,
) -> mx.array:
    """Each row finds its partner among all rows of the other set, in nats.

    `mean over i of -log p_ii` with `p_i = softmax_j(a_i . b_j / T)`, a and b of length 1; symmetric
    is the mean of that and of the same with a and b exchanged.

    Example:
        >>> round(info_nce_loss(mx.eye(3), mx.eye(3)).item(), 4)
        0.0

    Args:
        first: a, `[N, D]`, of any length; fp16 and bf16 are computed in float32.
        second: b, `[N, D]`; row i belongs to row i of the first.
        temperature: T, greater than 0.
        symmetric: whether the second set looks for its partners too.

    Returns:
        A scalar, float32.

    Raises:
        ValueError: the shapes do not fit, or temperature is not greater than 0.

    Reference:
        van den Oord et al., Representation Learning with Contrastive Predictive Coding, 2018;
        Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021.
    """
    check_positive("temperature", temperature)
    _require_features("first", first)
    require(
        second.shape == first.shape,
        f"second has shape {second.shape}: expected {first.shape}, a partner for each row",
    )
    similarities = _normalised(first) @ _normalised(second).T / temperature
    loss = _of_partners(similarities)
    return (loss + _of_partners(similarities.T)) / 2 if symmetric else loss


def region_contrast_loss(
    regions: mx.array, texts: mx.array, *, temperature: mx.array | float = 0.07
) -> mx.array:
    """The mean of an image's regions finds its text among all texts of the batch, in nats.

    `info_nce_loss(r, texts)` with `r_i = 1/R sum_m regions_im`: it is the local counterpart of
    aligning whole images and texts.

    Example:
        >>> regions = mx.stack([mx.eye(3), mx.eye(3)], axis=1)
        >>> round(region_contrast_loss(regions, mx.eye(3)).item(), 4)
        0.0

    Args:
        regions: `[B, R, D]`, R regions of each image; fp16 and bf16 are computed in float32.
        texts: `[B, D]`, of any length; row i belongs to image i.
        temperature: T, greater than 0.

    Returns:
        A scalar, float32.

    Raises:
        ValueError: the shapes do not fit, or temperature is not greater than 0.

    Reference:
        van den Oord et al., Representation Learning with Contrastive Predictive Coding, 2018.
    """
    require(
        regions.ndim == 3 and regions.size > 0 and mx.issubdtype(regions.dtype, mx.floating),
        f"regions has shape {regions.shape} and dtype {regions.dtype}: expected floats of shape "
        "[B, R, D]",
    )
    rows, _, size = regions.shape
    require(
        texts.shape == (rows, size),
        f"texts has shape {texts.shape}: expected {(rows, size)}, a text for each image",
    )
    means = mx.mean(regions.astype(mx.float32), axis=1)
    return info_nce_loss(means, texts, temperature=temperature)


def _of_partners(similarities: mx.array) -> mx.array:
    surprisal = accurate_softmax(similarities).surprisal
    return mx.mean(mx.diagonal(surprisal))


def _normalised(features: mx.array) -> mx.array:
    """Rows of length 1; a row of zeros, which has no direction, stays and has no gradient."""
    f = features.astype(mx.float32)
    squares = mx.sum(mx.square(f), axis=-1, keepdims=True)
    unit = f * mx.rsqrt(mx.maximum(squares, _SMALLEST_SQUARE))
    return mx.where(squares > _SMALLEST_SQUARE, unit, 0.0)


def _require_features(name: str, features: mx.array) -> None:
    require(
        features.ndim == 2 and features.size > 0 and mx.issubdtype(features.dtype, mx.floating),
        f"{name} has shape {features.shape} and dtype {features.dtype}: expected floats of shape "
        "[N, D]",
    )
