"""Focal loss, with and without label smoothing."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_gamma, check_smoothing
from bertplay.losses.class_weights import ClassWeights, resolve_class_weights
from bertplay.losses.examples import example_losses, read_examples
from bertplay.losses.reduction import Reduction, reduce_losses


def focal_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    gamma: mx.array | float = 2.0,
    alpha: ClassWeights = None,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Focal loss over softmax(logits): cross-entropy that fades for rows already right, in nats.

    `l_i = -sum_c q_ic a_c (1 - p_ic)^gamma log p_ic`, with q the one-hot label or the soft label;
    `mean = sum_i s_i l_i / sum_i s_i`, whatever alpha is. The power is taken in log space with an
    accurate `1 - p`, so that values and gradients are finite and right at p = 0 and p = 1.

    Example:
        >>> round(focal_loss(mx.zeros((1, 2)), mx.array([1]), gamma=1.0).item(), 4)
        0.3466

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        gamma: focusing exponent, at least 0; 0 with alpha None gives `cross_entropy`.
        alpha: a, one weight per class: None or 1.0, the weight of class 1 of two (class 0 gets
            1 - alpha), a sequence `[C]`; see `resolve_class_weights`.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; gamma is negative, or alpha of the wrong form or length.

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, ICCV 2017.
    """
    check_gamma(gamma)
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    weights = resolve_class_weights(alpha, num_classes=logits.shape[-1], name="alpha")
    losses = example_losses(examples, gamma=gamma, class_weights=weights)
    return reduce_losses(losses, examples, reduction)


def focal_smooth_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    gamma: mx.array | float = 2.0,
    alpha: ClassWeights = None,
    smoothing: mx.array | float = 0.1,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Focal loss with smoothed targets, in nats.

    `l_i = -sum_c q_ic a_c (1 - p_ic)^gamma log p_ic` with `q = (1 - eps) q' + eps / C`, q' the
    one-hot label or the soft label; `mean = sum_i s_i l_i / sum_i s_i`.

    Example:
        >>> round(focal_smooth_loss(mx.zeros((1, 2)), mx.array([1]), gamma=1.0).item(), 4)
        0.3466

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        gamma: focusing exponent, at least 0; 0 with alpha None gives `label_smoothing_loss`.
        alpha: a, one weight per class, see `focal_loss`.
        smoothing: eps in [0, 1); 0 gives `focal_loss`.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `focal_loss`; smoothing outside [0, 1).

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, ICCV 2017; Szegedy et al., Rethinking
        the Inception Architecture for Computer Vision, CVPR 2016.
    """
    check_gamma(gamma)
    check_smoothing(smoothing)
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    weights = resolve_class_weights(alpha, num_classes=logits.shape[-1], name="alpha")
    losses = example_losses(examples, gamma=gamma, class_weights=weights, smoothing=smoothing)
    return reduce_losses(losses, examples, reduction)
