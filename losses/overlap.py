"""Overlap losses: how much of each class is found in a batch, as in segmentation."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_at_least, check_positive
from bertplay.losses.examples import read_examples
from bertplay.losses.reduction import Reduction, check_reduction


def tversky_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    false_positive_weight: mx.array | float = 0.5,
    false_negative_weight: mx.array | float = 0.5,
    smooth: mx.array | float = 1.0,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """1 minus the Tversky index of each class over the batch, from 0 to 1.

    `l_c = 1 - (TP_c + e) / (TP_c + a FP_c + b FN_c + e)` with `TP_c = sum_i s_i p_ic q_ic`,
    `FP_c = sum_i s_i p_ic (1 - q_ic)`, `FN_c = sum_i s_i (1 - p_ic) q_ic` and `p = softmax(z)`.
    Every class counts alike, however few rows it has; one without a row in the batch counts not at
    all, as nothing of it can be found.

    Example:
        >>> tversky_loss(mx.zeros((2, 2)), mx.array([0, 1]), smooth=0.0).item()
        0.5

    Args:
        logits: z, `[N, C]`; fp16 and bf16 are computed in float32.
        targets: q, `[N]` integer labels, or `[N, C]` probabilities.
        false_positive_weight: a, at least 0; larger than b asks for precision.
        false_negative_weight: b, greater than 0; larger than a asks for recall.
        smooth: e, at least 0, in rows: keeps the index of a class with few rows from jumping.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: over the classes, as an index belongs to a batch, not to a row: "none" gives l, 0
            for classes that are not there, "sum" its sum, "mean" its mean over those that are there
            (0 if none is).

    Returns:
        `[C]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; an option is outside its range.

    Reference:
        Salehi et al., Tversky Loss Function for Image Segmentation Using 3D Fully Convolutional
        Deep Networks, 2017.
    """
    check_at_least("false_positive_weight", false_positive_weight, 0.0)
    check_positive("false_negative_weight", false_negative_weight)
    check_at_least("smooth", smooth, 0.0)
    check_reduction(reduction)
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    p, q = examples.probability, examples.distribution
    s = mx.ones(len(logits)) if examples.sample_weights is None else examples.sample_weights
    weighted = s[:, None] * q
    found = mx.sum(weighted * p, axis=0)
    wrong = mx.sum(s[:, None] * (1.0 - q) * p, axis=0)
    missed = mx.sum(weighted * examples.complement, axis=0)
    errors = false_positive_weight * wrong + false_negative_weight * missed
    is_there = mx.sum(weighted, axis=0) != 0
    # The errors' own share of the whole, as 1 minus the rest would be 0 for a good model.
    losses = mx.where(is_there, errors / mx.where(is_there, found + errors + smooth, 1.0), 0.0)
    if examples.known is not None:
        # A label outside the classes, which a traced step cannot refuse, must not pass unseen.
        losses = mx.where(mx.all(examples.known | (s == 0)), losses, mx.nan)
    if reduction == "none":
        return losses
    total = mx.sum(losses)
    return total if reduction == "sum" else total / mx.maximum(mx.sum(is_there), 1)


def dice_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    smooth: mx.array | float = 1.0,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """1 minus the soft Dice coefficient, which is F1, of each class over the batch, from 0 to 1.

    `l_c = 1 - (2 TP_c + e) / (2 TP_c + FP_c + FN_c + e)`, see `tversky_loss`.

    Example:
        >>> dice_loss(mx.array([[50.0, 0.0]]), mx.array([0])).item() < 1e-6
        True

    Args:
        logits: z, `[N, C]`; fp16 and bf16 are computed in float32.
        targets: q, `[N]` integer labels, or `[N, C]` probabilities.
        smooth: e, at least 0, in rows.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: over the classes, see `tversky_loss`.

    Returns:
        `[C]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; smooth is negative.

    Reference:
        Milletari et al., V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image
        Segmentation, 2016.
    """
    check_at_least("smooth", smooth, 0.0)
    return tversky_loss(
        logits,
        targets,
        smooth=smooth / 2,
        sample_weights=sample_weights,
        ignore_index=ignore_index,
        reduction=reduction,
    )
