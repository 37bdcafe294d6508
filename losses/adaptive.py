"""Adaptive loss: from weighted cross-entropy to the focal loss as training proceeds."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_fraction, check_gamma
from bertplay.losses.class_counts import ClassCounts
from bertplay.losses.class_weights import ClassWeights, resolve_class_weights
from bertplay.losses.examples import example_losses, read_examples
from bertplay.losses.reduction import Reduction, reduce_losses
from bertplay.losses.schedule import SCHEDULE, ScheduledLoss
from bertplay.losses.specification import ALPHA, CLASS_WEIGHTS, GAMMA, LossSpec


def adaptive_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    mix: mx.array | float,
    gamma: mx.array | float = 2.0,
    alpha: ClassWeights = None,
    class_weights: ClassWeights = None,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Weighted cross-entropy and focal loss, mixed, in nats.

    `(1 - s) weighted_cross_entropy + s focal_loss`, each reduced in its own way: s = 0 is exactly
    the one and s = 1 exactly the other.

    Example:
        >>> round(adaptive_loss(mx.zeros((1, 2)), mx.array([1]), mix=0.5, gamma=1.0).item(), 4)
        0.5199

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        mix: s in [0, 1].
        gamma: focusing exponent of the focal loss, at least 0.
        alpha: class weights of the focal loss, see `resolve_class_weights`.
        class_weights: class weights of the cross-entropy, see `resolve_class_weights`.
        sample_weights: `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has no
            influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none", "mean" or "sum", of both losses.

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `weighted_cross_entropy` and `focal_loss`; mix outside [0, 1].
    """
    check_fraction("mix", mix)
    check_gamma(gamma)
    classes = logits.shape[-1] if logits.ndim else None
    examples = read_examples(logits, targets, sample_weights, ignore_index)
    weights = resolve_class_weights(class_weights, num_classes=classes)
    weighted = reduce_losses(
        example_losses(examples, class_weights=weights),
        examples,
        reduction,
        divisor_weights=weights,
    )
    weights = resolve_class_weights(alpha, num_classes=classes, name="alpha")
    focal = reduce_losses(
        example_losses(examples, gamma=gamma, class_weights=weights), examples, reduction
    )
    return (1.0 - mix) * weighted + mix * focal


ADAPTIVE = LossSpec(
    "adaptive",
    "Weighted cross-entropy that turns into the focal loss as training proceeds.",
    adaptive_loss,
    (GAMMA, ALPHA, CLASS_WEIGHTS, *SCHEDULE),
)


class AdaptiveLoss(ScheduledLoss):
    """`(1 - s) weighted_cross_entropy + s focal_loss`, s rising with training's progress.

    With `t = clip((progress - start) / (end - start), 0, 1)`, `s = t` (linear) or
    `s = (1 - cos(pi t)) / 2` (cosine): exactly weighted cross-entropy up to `start`, exactly the
    focal loss from `end` on; with the ramp "step", s is 0 below `start` and 1 from there on.
    progress is an array in the module, saved and restored with the model; `set_progress` moves
    it, inside a compiled step too.

    Example:
        >>> loss = AdaptiveLoss(class_counts=[809, 500], end=0.5)
        >>> loss.set_progress(0.25)
        >>> loss.mix.item()
        0.5

    Args:
        gamma: focusing exponent of the focal loss, at least 0.
        alpha: class weights of the focal loss, see `resolve_class_weights`.
        class_weights: class weights of the cross-entropy, see `resolve_class_weights`.
        start: progress in [0, 1) at which s leaves 0.
        end: progress in (start, 1] at which s reaches 1; without effect for "step".
        ramp: "linear", "cosine" or "step".
        class_counts: `[C]`, training rows of each class; for weights "balanced" and "effective".
        num_classes: C; None takes it from class_counts where there are some.

    Raises:
        ValueError: an option is outside its range, start is not below end, or weights are to be
            counted and there are no class_counts.
    """

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        alpha: ClassWeights = None,
        class_weights: ClassWeights = "balanced",
        start: float = 0.0,
        end: float = 1.0,
        ramp: str = "linear",
        class_counts: ClassCounts | None = None,
        num_classes: int | None = None,
    ):
        options = {
            "gamma": gamma,
            "alpha": alpha,
            "class_weights": class_weights,
            "start": start,
            "end": end,
            "ramp": ramp,
        }
        super().__init__(ADAPTIVE, options, class_counts=class_counts, num_classes=num_classes)
