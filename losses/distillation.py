"""Knowledge distillation: a teacher's predictions as soft targets."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_positive, require
from bertplay.losses.examples import check_sample_weights
from bertplay.losses.reduction import Reduction, reduce_rows
from bertplay.losses.softmax import accurate_softmax


def distillation_loss(
    logits: mx.array,
    teacher_logits: mx.array,
    *,
    temperature: mx.array | float = 2.0,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """How far the predictions are from a teacher's, both softened, in nats.

    `l_i = T^2 KL(q_i || p_i) = T^2 sum_c q_ic (log q_ic - log p_ic)` for `p = softmax(logits / T)`
    and `q = softmax(teacher_logits / T)`. The factor `T^2` keeps the gradient's size whatever T is.
    0 where they agree; no gradient flows to the teacher.

    Example:
        >>> distillation_loss(mx.zeros((1, 2)), mx.zeros((1, 2))).item()
        0.0

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        teacher_logits: `[N, C]`, or the logarithms of probabilities.
        temperature: T, greater than 0; larger shows more of what the teacher thinks of the classes
            that it did not choose.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever its logits.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" `sum_i s_i l_i / sum_i s_i` (0 if
            all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: the shapes differ or are not `[N, C]`, temperature is not greater than 0, a
            sample weight is negative, or the reduction is unknown.

    Reference:
        Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015.
    """
    check_positive("temperature", temperature)
    require(
        logits.ndim == 2 and logits.size > 0 and logits.shape == teacher_logits.shape,
        f"logits has shape {logits.shape} and teacher_logits {teacher_logits.shape}: expected "
        "[N, C] for both, with N and C at least 1",
    )
    if sample_weights is not None:
        check_sample_weights(sample_weights, len(logits))
        sample_weights = sample_weights.astype(mx.float32)
        counts = sample_weights[:, None] != 0
        logits = mx.where(counts, logits, mx.zeros_like(logits))
        teacher_logits = mx.where(counts, teacher_logits, mx.zeros_like(teacher_logits))
    surprisal = accurate_softmax(logits.astype(mx.float32) / temperature).surprisal
    teacher_logits = mx.stop_gradient(teacher_logits).astype(mx.float32)
    of_teacher = accurate_softmax(teacher_logits / temperature).surprisal
    losses = mx.sum(mx.exp(-of_teacher) * (surprisal - of_teacher), axis=-1)
    return reduce_rows(temperature * temperature * losses, sample_weights, reduction)
