"""Losses for long tails: the classes' shares of the rows enter the logits."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_at_least, check_positive
from bertplay.losses.class_weights import ClassWeights, resolve_class_weights
from bertplay.losses.examples import example_losses, read_examples
from bertplay.losses.prior import Prior, resolve_prior
from bertplay.losses.reduction import Reduction, reduce_losses


def logit_adjusted_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    prior: Prior,
    tau: mx.array | float = 1.0,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy of logits to which the logarithms of the classes' shares are added, in nats.

    `l_i = -sum_c q_ic log p_ic` with `p_i = softmax(z_i + tau log pi)` and pi the prior;
    `mean = sum_i s_i l_i / sum_i s_i`. As the shares are added in training alone, the logits
    without them, which predictions are made of, treat all classes alike: at tau = 1 their best
    argmax has the least balanced error.

    Example:
        >>> logits = mx.log(mx.array([[0.5, 0.5]]))
        >>> round(logit_adjusted_loss(logits, mx.array([1]), prior=[0.75, 0.25]).item(), 4)
        1.3863

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        prior: pi, `[C]` shares or numbers of rows, greater than 0.
        tau: how much of the prior is added, at least 0; 0 gives `cross_entropy`.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; prior of the wrong form or length, or tau negative.

    Reference:
        Menon et al., Long-Tail Learning via Logit Adjustment, ICLR 2021.
    """
    check_at_least("tau", tau, 0.0)
    shares = resolve_prior(prior, num_classes=logits.shape[-1] if logits.ndim == 2 else None)
    examples = read_examples(
        logits, targets, sample_weights, ignore_index, adjust=lambda z, _: z + tau * mx.log(shares)
    )
    return reduce_losses(example_losses(examples), examples, reduction)


def balanced_softmax_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    prior: Prior,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy of a softmax in which every class counts as often as it has rows, in nats.

    `l_i = -sum_c q_ic log p_ic` with `p_ic = n_c exp(z_ic) / sum_k n_k exp(z_ik)`;
    `mean = sum_i s_i l_i / sum_i s_i`. It is `logit_adjusted_loss` at tau = 1.

    Example:
        >>> round(balanced_softmax_loss(mx.zeros((1, 2)), mx.array([0]), prior=[30, 10]).item(), 4)
        0.2877

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        prior: n, `[C]` numbers of rows or shares, greater than 0.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; prior of the wrong form or length.

    Reference:
        Ren et al., Balanced Meta-Softmax for Long-Tailed Visual Recognition, NeurIPS 2020.
    """
    return logit_adjusted_loss(
        logits,
        targets,
        prior=prior,
        sample_weights=sample_weights,
        ignore_index=ignore_index,
        reduction=reduction,
    )


def ldam_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    prior: Prior,
    max_margin: mx.array | float = 0.5,
    scale: mx.array | float = 1.0,
    class_weights: ClassWeights = None,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy with a margin that is larger for rarer classes (LDAM), in nats.

    `l_i = -sum_c w_c q_ic log p_ic` with `p_i = softmax(S (z_i - q_i m))`, the margins
    `m_c = M (min_k n_k / n_c)^(1/4)`, and the mean of `weighted_cross_entropy`. The paper's logits
    are cosines and S is 30; for plain logits S is 1. Its deferred re-weighting is `class_weights`
    that begin late in training.

    Example:
        >>> round(ldam_loss(mx.zeros((1, 2)), mx.array([0]), prior=[16, 1]).item(), 4)
        0.8259

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        prior: n, `[C]` numbers of rows or shares, greater than 0.
        max_margin: M, the margin of the rarest class, at least 0; 0 gives cross-entropy.
        scale: S, greater than 0.
        class_weights: w, `[C]`, or another form that `resolve_class_weights` takes.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" that of
            `weighted_cross_entropy` (0 where it divides by 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `weighted_cross_entropy`; prior of the wrong form or length, max_margin
            negative, or scale not greater than 0.

    Reference:
        Cao et al., Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, NeurIPS
        2019.
    """
    check_at_least("max_margin", max_margin, 0.0)
    check_positive("scale", scale)
    classes = logits.shape[-1] if logits.ndim == 2 else None
    counts = resolve_prior(prior, num_classes=classes)
    margins = max_margin * mx.power(mx.min(counts) / counts, 0.25)
    examples = read_examples(
        logits, targets, sample_weights, ignore_index, adjust=lambda z, q: scale * (z - q * margins)
    )
    weights = resolve_class_weights(class_weights, num_classes=classes)
    losses = example_losses(examples, class_weights=weights)
    return reduce_losses(losses, examples, reduction, divisor_weights=weights)
