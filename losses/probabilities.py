"""Losses of predictions that are probabilities already, not logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from bertplay.losses.argument_checks import host_values, require
from bertplay.losses.examples import check_sample_weights, example_losses, read_examples
from bertplay.losses.reduction import Reduction, reduce_rows
from bertplay.losses.targets import check_targets, target_distribution

Fits: TypeAlias = "mx.array | npt.NDArray[Any] | Sequence[Sequence[float]]"

# The smallest normal float32: its logarithm and its reciprocal, the gradient, are finite.
_SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)
_FURTHEST_SUM = 1e-2  # from 1, as bf16 rounds probabilities


def probability_cross_entropy(
    probabilities: mx.array,
    targets: mx.array,
    *,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy of a model that gives probabilities instead of logits, in nats.

    `l_i = -sum_c q_ic log(p_ic / sum_k p_ik)`, with q the one-hot label or the soft label;
    `mean = sum_i s_i l_i / sum_i s_i`. Probabilities below 1.2e-38, the smallest normal float32,
    are raised to it, so that a loss is at most 87.3 and no gradient infinite; all others are taken
    as they are. Where a softmax has rounded to 0 it passes no gradient, and a row can be stuck:
    `cross_entropy` of the logits is the better choice where there are logits.

    Example:
        >>> loss = probability_cross_entropy(mx.array([[0.5, 0.25, 0.25]]), mx.array([1]))
        >>> round(loss.item(), 4)
        1.3863

    Args:
        probabilities: p, `[N, C]`, rows that sum to 1; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever it holds.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32. A row that is negative somewhere or
        does not sum to 1, as logits, gives NaN, so that it cannot pass for probabilities.

    Raises:
        ValueError: as `cross_entropy`.
    """
    p, valid = _read(probabilities, sample_weights)
    log_p = mx.log(mx.maximum(p, _SMALLEST_PROBABILITY))
    losses = example_losses(read_examples(log_p, targets, sample_weights, None))
    return _reduced(losses, valid, sample_weights, reduction)


def consistency_loss(
    probabilities: mx.array,
    labels: mx.array,
    *,
    fits: Fits | None = None,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """How little of a prediction agrees with what another label allows, in nats.

    `l_i = -log(sum_c f_{k_i c} p_ic / sum_c p_ic)`, with k the label and f what it allows;
    `mean = sum_i s_i l_i / sum_i s_i`. A keyboard's layout shall fit the language of the text: for
    a text in English, both the English layout and the one for numbers do. 0 where all of p is
    allowed. A share below 1.2e-38 is raised to it, as in `probability_cross_entropy`, which this is
    where each label allows its own class only.

    Example:
        >>> fits = [[1, 0, 1], [0, 1, 1]]
        >>> loss = consistency_loss(mx.array([[0.25, 0.5, 0.25]]), mx.array([0]), fits=fits)
        >>> round(loss.item(), 4)
        0.6931

    Args:
        probabilities: p, `[N, C]`, rows that sum to 1; fp16 and bf16 are computed in float32.
        labels: k, `[N]` integers from 0 to K - 1.
        fits: f, `[K, C]` from 0 to 1: how well class c fits label k; None where label k allows
            class k alone.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever it holds.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32. A row that is negative somewhere or
        does not sum to 1 gives NaN.

    Raises:
        ValueError: a shape does not fit, fits is outside 0 to 1 or a label allows no class, a
            label is outside 0..K-1 (inside `mx.compile`, where labels cannot be looked at, it
            gives NaN instead), a sample weight is negative, or the reduction is unknown.
    """
    p, valid = _read(probabilities, sample_weights)
    rows, classes = p.shape
    allowed = mx.eye(classes) if fits is None else _checked_fits(fits, classes)
    require(
        labels.shape == (rows,) and mx.issubdtype(labels.dtype, mx.integer),
        f"labels has shape {labels.shape} and dtype {labels.dtype}: expected integers of shape "
        f"({rows},)",
    )
    check_targets(labels, rows, len(allowed), sample_weights)
    fitting = target_distribution(labels, len(allowed)) @ allowed
    agreeing = mx.sum(p * fitting, axis=-1) / mx.sum(p, axis=-1)
    losses = -mx.log(mx.maximum(agreeing, _SMALLEST_PROBABILITY))
    losses = mx.where((labels >= 0) & (labels < len(allowed)), losses, mx.nan)
    return _reduced(losses, valid, sample_weights, reduction)


def _read(probabilities: mx.array, sample_weights: mx.array | None) -> tuple[mx.array, mx.array]:
    """Probabilities in float32, and which rows are such; the others hold an even distribution.

    So do rows that weigh 0, which are as good as any.
    """
    require(
        probabilities.ndim == 2
        and probabilities.size > 0
        and mx.issubdtype(probabilities.dtype, mx.floating),
        f"probabilities has shape {probabilities.shape} and dtype {probabilities.dtype}: expected "
        "floats of shape [N, C] with N and C at least 1",
    )
    p = probabilities.astype(mx.float32)
    rows, classes = p.shape
    if sample_weights is not None:
        check_sample_weights(sample_weights, rows)
        p = mx.where(sample_weights[:, None] != 0, p, 1.0 / classes)
    near_one = mx.abs(mx.sum(p, axis=-1) - 1.0) <= _FURTHEST_SUM
    valid = mx.all(p >= 0, axis=-1) & near_one
    return mx.where(valid[:, None], p, 1.0 / classes), valid


def _reduced(
    losses: mx.array, valid: mx.array, sample_weights: mx.array | None, reduction: Reduction
) -> mx.array:
    if sample_weights is not None:
        sample_weights = sample_weights.astype(mx.float32)
    return reduce_rows(mx.where(valid, losses, mx.nan), sample_weights, reduction)


def _checked_fits(fits: Fits, classes: int) -> mx.array:
    if isinstance(fits, mx.array):
        table = fits.astype(mx.float32)
    else:
        try:
            table = mx.array(np.asarray(fits, dtype=np.float32))
        except (TypeError, ValueError):
            raise ValueError(
                f"fits is {fits!r}: expected [K, {classes}], a row for each label"
            ) from None
    require(
        table.ndim == 2 and table.size > 0 and table.shape[1] == classes,
        f"fits has shape {table.shape}: expected [K, {classes}], a row for each label",
    )
    values = host_values(table)
    require(
        values is None
        or bool(((values >= 0) & (values <= 1)).all() and (values > 0).any(axis=1).all()),
        "fits has a value outside 0 to 1, or a row of zeros: expected 1 where the class fits the "
        "label, 0 where it does not",
    )
    return table
