"""Poly-1: cross-entropy whose first polynomial coefficient is set apart."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_at_least
from bertplay.losses.examples import read_examples, sum_over_classes
from bertplay.losses.reduction import Reduction, reduce_losses


def poly1_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    epsilon: mx.array | float = 1.0,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross-entropy plus epsilon times the probability that the other classes get, in nats.

    `l_i = sum_c q_ic (-log p_ic + epsilon (1 - p_ic))`; `mean = sum_i s_i l_i / sum_i s_i`.
    Cross-entropy is `sum_j (1 - p)^j / j`, and epsilon changes the first coefficient: above 0, rows
    that are nearly right keep a larger gradient.

    Example:
        >>> round(poly1_loss(mx.zeros((1, 2)), mx.array([1]), epsilon=2.0).item(), 4)
        1.6931

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        epsilon: at least -1; 0 gives `cross_entropy`.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `cross_entropy`; epsilon is below -1.

    Reference:
        Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions,
        ICLR 2022.
    """
    check_at_least("epsilon", epsilon, -1.0)
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    terms = examples.distribution * (examples.surprisal + epsilon * examples.complement)
    return reduce_losses(sum_over_classes(terms, examples), examples, reduction)
