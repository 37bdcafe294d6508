"""Losses for rows with any number of labels: one yes or no for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np

from bertplay.losses.argument_checks import (
    check_at_least,
    check_below_one,
    check_fraction,
    check_gamma,
    host_values,
    require,
)
from bertplay.losses.number_rows import read_number_rows
from bertplay.losses.reduction import Reduction, reduce_rows

# The smallest probability whose power is taken: below it the loss is 0 in float32, and the
# derivative of a power, infinite at 0 for an exponent below 1, must not be.
_SMALLEST_PROBABILITY = 1e-30


def binary_cross_entropy(
    logits: mx.array,
    targets: mx.array,
    *,
    pos_weight: mx.array | Sequence[float] | float | None = None,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy of each class's yes or no, in nats.

    `l_i = 1/C sum_c -(w_c y_ic log p_ic + (1 - y_ic) log(1 - p_ic))` with `p = sigmoid(z)`;
    `mean = sum_i s_i l_i / sum_i s_i`, as PyTorch's `binary_cross_entropy_with_logits`.

    Example:
        >>> round(binary_cross_entropy(mx.zeros((1, 2)), mx.array([[1, 0]])).item(), 4)
        0.6931

    Args:
        logits: z, `[N, C]`; fp16 and bf16 are computed in float32.
        targets: y, `[N, C]`, from 0 to 1.
        pos_weight: w, `[C]` or one number, at least 0: what a yes counts; None for 1. The number of
            rows without a class by those with it balances the two.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever it holds.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: a shape does not fit, a target is outside [0, 1] (where it can be known), a
            weight is negative, or the reduction is unknown.
    """
    z, y, sample_weights = _read(logits, targets, sample_weights)
    yes = y * _softplus(-z)
    weights = resolve_pos_weight(pos_weight, z.shape[1])
    if weights is not None:
        yes = weights * yes
    losses = mx.mean(yes + (1.0 - y) * _softplus(z), axis=-1)
    return reduce_rows(losses, sample_weights, reduction)


def sigmoid_focal_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    gamma: mx.array | float = 2.0,
    alpha: mx.array | float | None = 0.25,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Binary cross-entropy that fades for answers already right, in nats.

    `l_i = 1/C sum_c -(a y_ic (1 - p_ic)^gamma log p_ic + (1 - a) (1 - y_ic) p_ic^gamma
    log(1 - p_ic))` with `p = sigmoid(z)`; `mean = sum_i s_i l_i / sum_i s_i`. For targets 0 and 1
    it is torchvision's function of that name.

    Example:
        >>> loss = sigmoid_focal_loss(mx.zeros((1, 1)), mx.array([[1]]), gamma=1.0, alpha=None)
        >>> round(loss.item(), 4)
        0.3466

    Args:
        logits: z, `[N, C]`; fp16 and bf16 are computed in float32.
        targets: y, `[N, C]`, from 0 to 1.
        gamma: focusing exponent, at least 0; 0 with alpha None gives `binary_cross_entropy`.
        alpha: a in [0, 1], what a yes counts, a no counts 1 - a; None leaves both factors out.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever it holds.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `binary_cross_entropy`; gamma is negative, or alpha outside [0, 1].

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, ICCV 2017.
    """
    check_gamma(gamma)
    if alpha is not None:
        check_fraction("alpha", alpha)
    z, y, sample_weights = _read(logits, targets, sample_weights)
    # log p = -softplus(-z), so that powers of p and 1 - p need no logarithm of them.
    surprise_yes, surprise_no = _softplus(-z), _softplus(z)
    yes = y * mx.exp(-gamma * surprise_no) * surprise_yes
    no = (1.0 - y) * mx.exp(-gamma * surprise_yes) * surprise_no
    if alpha is not None:
        yes, no = alpha * yes, (1.0 - alpha) * no
    return reduce_rows(mx.mean(yes + no, axis=-1), sample_weights, reduction)


def asymmetric_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    gamma_positive: mx.array | float = 1.0,
    gamma_negative: mx.array | float = 4.0,
    margin: mx.array | float = 0.05,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Focal loss for many classes of which few apply: an easy no fades more than an easy yes.

    `l_i = 1/C sum_c -(y_ic (1 - p_ic)^g+ log p_ic + (1 - y_ic) r_ic^g- log(1 - r_ic))` with
    `p = sigmoid(z)` and `r = max(p - m, 0)`, in nats; `mean = sum_i s_i l_i / sum_i s_i`.

    Example:
        >>> loss = asymmetric_loss(mx.array([[-4.0]]), mx.array([[0]]), margin=0.05)
        >>> loss.item()
        0.0

    Args:
        logits: z, `[N, C]`; fp16 and bf16 are computed in float32.
        targets: y, `[N, C]`, from 0 to 1.
        gamma_positive: g+, focusing exponent of a yes, at least 0.
        gamma_negative: g-, focusing exponent of a no, at least 0.
        margin: m in [0, 1): a no whose probability is below m is right enough. With 0 and both
            exponents 0 it is `binary_cross_entropy`.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever it holds.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `binary_cross_entropy`; an exponent is negative, or margin outside [0, 1).

    Reference:
        Ridnik et al., Asymmetric Loss For Multi-Label Classification, ICCV 2021.
    """
    check_at_least("gamma_positive", gamma_positive, 0.0)
    check_at_least("gamma_negative", gamma_negative, 0.0)
    check_below_one("margin", margin)
    z, y, sample_weights = _read(logits, targets, sample_weights)
    surprise_yes, surprise_no = _softplus(-z), _softplus(z)
    yes = y * mx.exp(-gamma_positive * surprise_no) * surprise_yes
    shifted = mx.maximum(mx.sigmoid(z) - margin, _SMALLEST_PROBABILITY)
    faded = mx.exp(gamma_negative * mx.log(shifted))
    # log(1 - (p - m)) from log(1 - p) and log m, so that it is finite for a margin of 0 too.
    log_margin = mx.stop_gradient(mx.log(mx.array(margin, dtype=mx.float32)))
    surprise = mx.maximum(-mx.logaddexp(-surprise_no, log_margin), 0.0)
    losses = mx.mean(yes + (1.0 - y) * faded * surprise, axis=-1)
    return reduce_rows(losses, sample_weights, reduction)


def _read(
    logits: mx.array, targets: mx.array, sample_weights: mx.array | None
) -> tuple[mx.array, mx.array, mx.array | None]:
    rows = read_number_rows(
        logits,
        targets,
        sample_weights,
        name="logits",
        axis="C",
        wanted="a number from 0 to 1 for each row and class",
    )
    _check_range(targets, sample_weights)
    return rows


def _check_range(targets: mx.array, sample_weights: mx.array | None) -> None:
    values = host_values(targets)
    weights = np.ones(len(targets)) if sample_weights is None else host_values(sample_weights)
    if values is None or weights is None:
        return
    values = values[weights != 0]
    require(
        bool(((values >= 0) & (values <= 1)).all()),
        "targets has a value outside 0 to 1: expected 1 where the class applies, 0 where it does "
        "not",
    )


def resolve_pos_weight(pos_weight: Any, classes: int | None) -> mx.array | None:
    """The weight of a yes as a float32 scalar or `[C]`; None where there is none.

    Raises:
        ValueError: it is no number and not one number per class, or one is negative or not finite.
    """
    if pos_weight is None:
        return None
    expected = f"expected a number, or one for each of {classes or 'the'} classes"
    if isinstance(pos_weight, bool):
        raise ValueError(f"pos_weight is {pos_weight}: {expected}")
    try:
        weights = mx.array(pos_weight, dtype=mx.float32)
    except (TypeError, ValueError):
        raise ValueError(f"pos_weight is {pos_weight!r}: {expected}") from None
    require(
        weights.ndim == 0 or (weights.ndim == 1 and classes in (None, weights.size)),
        f"pos_weight has shape {weights.shape}: {expected}",
    )
    values = host_values(weights)
    require(
        values is None or bool(np.isfinite(values).all() and (values >= 0).all()),
        "pos_weight has a weight that is negative or not finite: expected at least 0",
    )
    return weights


def _softplus(z: mx.array) -> mx.array:
    """`log(1 + exp(z))`, whose gradient is sigmoid(z)."""
    return mx.logaddexp(z, 0.0)
