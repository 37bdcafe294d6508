"""R-Drop: two passes through dropout should agree."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import require
from bertplay.losses.examples import check_sample_weights
from bertplay.losses.reduction import Reduction, reduce_rows
from bertplay.losses.softmax import accurate_softmax


def r_drop_divergence(
    logits: mx.array,
    other_logits: mx.array,
    *,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """How far two passes with different dropout are apart, in nats.

    `d_i = (KL(p_i || q_i) + KL(q_i || p_i)) / 2 = sum_c (p_ic - q_ic)(log p_ic - log q_ic) / 2`
    for `p = softmax(logits)` and `q = softmax(other_logits)`; 0 where they agree. Beside any loss:
    `(loss(logits) + loss(other_logits)) / 2 + weight * r_drop_divergence(logits, other_logits)`.

    Example:
        >>> r_drop_divergence(mx.zeros((1, 2)), mx.zeros((1, 2))).item()
        0.0

    Args:
        logits: `[N, C]` of one pass; fp16 and bf16 are computed in float32.
        other_logits: `[N, C]` of the other.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits.
        reduction: "none" gives `s_i d_i`, "sum" their sum, "mean" `sum_i s_i d_i / sum_i s_i` (0 if
            all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: the shapes differ or are not `[N, C]`, a sample weight is negative, or the
            reduction is unknown.

    Reference:
        Wu et al., R-Drop: Regularized Dropout for Neural Networks, NeurIPS 2021.
    """
    require(
        logits.ndim == 2 and logits.size > 0 and logits.shape == other_logits.shape,
        f"logits has shape {logits.shape} and other_logits {other_logits.shape}: expected [N, C] "
        "for both, with N and C at least 1",
    )
    if sample_weights is not None:
        check_sample_weights(sample_weights, len(logits))
        sample_weights = sample_weights.astype(mx.float32)
        counts = sample_weights[:, None] != 0
        logits = mx.where(counts, logits, mx.zeros_like(logits))
        other_logits = mx.where(counts, other_logits, mx.zeros_like(other_logits))
    surprisal = accurate_softmax(logits).surprisal
    other_surprisal = accurate_softmax(other_logits).surprisal
    apart = mx.exp(-surprisal) - mx.exp(-other_surprisal)
    divergences = mx.sum(apart * (other_surprisal - surprisal), axis=-1) / 2
    return reduce_rows(divergences, sample_weights, reduction)
