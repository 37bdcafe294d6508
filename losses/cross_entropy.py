"""Cross-entropy: plain, with class weights, with label smoothing."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_smoothing
from bertplay.losses.class_weights import ClassWeights, resolve_class_weights
from bertplay.losses.examples import example_losses, read_examples
from bertplay.losses.reduction import Reduction, reduce_losses


def cross_entropy(
    logits: mx.array,
    targets: mx.array,
    *,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy between the targets and softmax(logits), in nats.

    `l_i = -sum_c q_ic log p_ic`, with q the one-hot label or the soft label;
    `mean = sum_i s_i l_i / sum_i s_i`.

    Example:
        >>> round(cross_entropy(mx.zeros((3, 4)), mx.array([0, 1, 2])).item(), 4)
        1.3863

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: a shape does not fit, a label is outside 0..C-1 (inside `mx.compile`, where
            labels cannot be looked at, it gives NaN instead), soft labels are no probabilities, a
            sample weight is negative, or the reduction is unknown.
    """
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    return reduce_losses(example_losses(examples), examples, reduction)


def weighted_cross_entropy(
    logits: mx.array,
    targets: mx.array,
    *,
    class_weights: ClassWeights,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy with one weight per class, averaged as PyTorch does, in nats.

    `l_i = -sum_c w_c q_ic log p_ic`; `mean = sum_i s_i l_i / sum_i s_i w_{y_i}` for labels y.
    For soft labels there is no one class whose weight could count, and
    `mean = sum_i s_i l_i / sum_i s_i`, in PyTorch too: a one-hot soft label gives another mean
    than the label.

    Example:
        >>> logits, targets = mx.zeros((3, 2)), mx.array([0, 0, 1])
        >>> round(weighted_cross_entropy(logits, targets, class_weights=[0.75, 1.5]).item(), 4)
        0.6931

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        class_weights: w, `[C]`, or another form that `resolve_class_weights` takes.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 where it divides by
            0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; class_weights of the wrong form or length, or negative.
    """
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    weights = resolve_class_weights(class_weights, num_classes=logits.shape[-1])
    losses = example_losses(examples, class_weights=weights)
    return reduce_losses(losses, examples, reduction, divisor_weights=weights)


def label_smoothing_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    smoothing: mx.array | float = 0.1,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy with targets moved towards the uniform distribution, in nats.

    `l_i = -sum_c q_ic log p_ic` with `q = (1 - eps) q' + eps / C`, q' the one-hot label or the
    soft label; `mean = sum_i s_i l_i / sum_i s_i`. Its minimum over p is the entropy of q, not 0.

    Example:
        >>> logits = mx.array([[0.0, 1000.0]])
        >>> round(label_smoothing_loss(logits, mx.array([1]), smoothing=0.2).item(), 4)
        100.0

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        smoothing: eps in [0, 1); 0 gives `cross_entropy`.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; smoothing outside [0, 1).

    Reference:
        Szegedy et al., Rethinking the Inception Architecture for Computer Vision, CVPR 2016.
    """
    check_smoothing(smoothing)
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    return reduce_losses(example_losses(examples, smoothing=smoothing), examples, reduction)
