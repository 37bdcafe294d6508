"""Generalised cross-entropy, for labels of which some are wrong."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_fraction, check_positive
from bertplay.losses.examples import read_examples, sum_over_classes
from bertplay.losses.reduction import Reduction, reduce_losses


def generalised_cross_entropy(
    logits: mx.array,
    targets: mx.array,
    *,
    exponent: mx.array | float = 0.7,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Between cross-entropy, which wrong labels dominate, and absolute error, which learns slowly.

    `l_i = sum_c q_ic (1 - p_ic^k) / k`, which goes to `-log p`, in nats, as k goes to 0, and is
    half of the absolute error at k = 1; `mean = sum_i s_i l_i / sum_i s_i`. A row the model is sure
    is wrong loses at most 1 / k, so that a wrong label pulls no harder than that.

    Example:
        >>> logits = mx.array([[0.0, 1000.0]])
        >>> generalised_cross_entropy(logits, mx.array([0]), exponent=0.5).item()
        2.0

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        exponent: k, greater than 0 and at most 1.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; exponent is not greater than 0, or above 1.

    Reference:
        Zhang and Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with
        Noisy Labels, NeurIPS 2018.
    """
    check_positive("exponent", exponent)
    check_fraction("exponent", exponent)
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    # 1 - p^k as it is near p = 1, where the difference itself would be 0.
    missing = -mx.expm1(-exponent * examples.surprisal) / exponent
    losses = sum_over_classes(examples.distribution * missing, examples)
    return reduce_losses(losses, examples, reduction)
