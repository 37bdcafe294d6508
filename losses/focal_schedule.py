"""Focal loss whose gamma moves as training proceeds."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_at_least, check_fraction
from bertplay.losses.class_counts import ClassCounts
from bertplay.losses.class_weights import ClassWeights
from bertplay.losses.focal import focal_loss
from bertplay.losses.reduction import Reduction
from bertplay.losses.schedule import SCHEDULE, ScheduledLoss
from bertplay.losses.specification import ALPHA, LossSpec, number_option


def focal_schedule_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    mix: mx.array | float,
    gamma_start: mx.array | float = 0.0,
    gamma_end: mx.array | float = 2.0,
    alpha: ClassWeights = None,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Focal loss with a gamma between two, in nats.

    `l_i = -sum_c q_ic a_c (1 - p_ic)^gamma log p_ic` with `gamma = (1 - s) gamma_start +
    s gamma_end`: s = 0 is exactly `focal_loss` with the one gamma, s = 1 with the other. A row
    near right fades step by step, where a mix of two losses would keep a share of the first.

    Example:
        >>> arrays = mx.zeros((1, 2)), mx.array([1])
        >>> round(focal_schedule_loss(*arrays, mix=0.5, gamma_end=2.0).item(), 4)
        0.3466

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        mix: s in [0, 1].
        gamma_start: focusing exponent where s = 0, at least 0.
        gamma_end: focusing exponent where s = 1, at least 0.
        alpha: a, one weight per class, see `focal_loss`.
        sample_weights: `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has no
            influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none", "mean" or "sum", as of `focal_loss`.

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `focal_loss`; mix outside [0, 1], gamma_start or gamma_end negative.

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, ICCV 2017.
    """
    check_fraction("mix", mix)
    check_at_least("gamma_start", gamma_start, 0.0)
    check_at_least("gamma_end", gamma_end, 0.0)
    return focal_loss(
        logits,
        targets,
        gamma=(1.0 - mix) * gamma_start + mix * gamma_end,
        alpha=alpha,
        sample_weights=sample_weights,
        ignore_index=ignore_index,
        reduction=reduction,
    )


FOCAL_SCHEDULE = LossSpec(
    "focal_schedule",
    "Focal loss whose gamma moves from one value to another as training proceeds.",
    focal_schedule_loss,
    (
        number_option(
            "gamma_start",
            0.0,
            "Focusing exponent at the beginning, at least 0; 0 for cross-entropy.",
            lambda value: check_at_least("gamma_start", value, 0.0),
        ),
        number_option(
            "gamma_end",
            2.0,
            "Focusing exponent at the end, at least 0.",
            lambda value: check_at_least("gamma_end", value, 0.0),
        ),
        ALPHA,
        *SCHEDULE,
    ),
)


class FocalScheduleLoss(ScheduledLoss):
    """Focal loss with `gamma = (1 - s) gamma_start + s gamma_end`, s rising with progress.

    s is that of `AdaptiveLoss`: 0 up to `start`, 1 from `end` on.

    Example:
        >>> loss = FocalScheduleLoss(gamma_start=0.0, gamma_end=3.0, end=0.5)
        >>> loss.set_progress(0.25)
        >>> loss.gamma.item()
        1.5

    Args:
        gamma_start: focusing exponent at the beginning, at least 0; 0 for cross-entropy.
        gamma_end: focusing exponent at the end, at least 0.
        alpha: class weights, see `resolve_class_weights`.
        start: progress in [0, 1) at which gamma leaves gamma_start.
        end: progress in (start, 1] at which it reaches gamma_end; without effect for "step".
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
        gamma_start: float = 0.0,
        gamma_end: float = 2.0,
        alpha: ClassWeights = None,
        start: float = 0.0,
        end: float = 1.0,
        ramp: str = "linear",
        class_counts: ClassCounts | None = None,
        num_classes: int | None = None,
    ):
        options = {
            "gamma_start": gamma_start,
            "gamma_end": gamma_end,
            "alpha": alpha,
            "start": start,
            "end": end,
            "ramp": ramp,
        }
        super().__init__(
            FOCAL_SCHEDULE, options, class_counts=class_counts, num_classes=num_classes
        )

    @property
    def gamma(self) -> mx.array:
        """The focusing exponent at the present progress, a float32 scalar."""
        gamma: mx.array = (1.0 - self.mix) * self.gamma_start + self.mix * self.gamma_end
        return gamma

    def schedule(self) -> dict[str, mx.array]:
        """What the schedule has reached, by name, as scalars on the device: `gamma`."""
        return {"gamma": self.gamma}
