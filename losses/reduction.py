"""From the losses of the examples to what a loss returns."""

from __future__ import annotations

from typing import Literal, TypeAlias

import mlx.core as mx

from bertplay.losses.argument_checks import require
from bertplay.losses.examples import Examples

Reduction: TypeAlias = Literal["none", "mean", "sum"]
REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: str) -> None:
    """Raise `ValueError` unless it is one of the three."""
    require(
        reduction in REDUCTIONS,
        f"reduction is {reduction!r}: expected one of {', '.join(REDUCTIONS)}",
    )


def reduce_losses(
    losses: mx.array,
    examples: Examples,
    reduction: Reduction,
    *,
    divisor_weights: mx.array | None = None,
) -> mx.array:
    """`s_i l_i` (none), their sum, or `sum_i s_i l_i / sum_i s_i n_i` (mean).

    Args:
        losses: l, `[N]`.
        examples: where they come from; its sample weights are s, 1 where there are none.
        reduction: "none", "mean" or "sum".
        divisor_weights: `[C]`; where given and the targets are labels, n_i is the weight of row
            i's class, else 1.

    Returns:
        `[N]` for "none", else a scalar; float32. A mean over rows that all weigh 0 is 0.

    Raises:
        ValueError: reduction is none of the three.
    """
    sizes = None
    if divisor_weights is not None and examples.has_labels:
        sizes = mx.sum(examples.distribution * divisor_weights, axis=-1)
    return reduce_rows(losses, examples.sample_weights, reduction, sizes=sizes)


def reduce_rows(
    values: mx.array,
    sample_weights: mx.array | None,
    reduction: Reduction,
    *,
    sizes: mx.array | None = None,
) -> mx.array:
    """`s_i v_i` (none), their sum, or `sum_i s_i v_i / sum_i s_i n_i` (mean).

    Args:
        values: v, `[N]`.
        sample_weights: s, `[N]`; None weights all rows alike.
        reduction: "none", "mean" or "sum".
        sizes: n, `[N]`; None for 1.

    Returns:
        `[N]` for "none", else a scalar; float32. A mean over rows that all weigh 0 is 0.

    Raises:
        ValueError: reduction is none of the three.
    """
    check_reduction(reduction)
    if sample_weights is not None:
        # A row that weighs 0 may have an unknown label, and 0 times NaN is NaN.
        values = mx.where(sample_weights != 0, sample_weights * values, 0.0)
    if reduction == "none":
        return values
    total = mx.sum(values)
    if reduction == "sum":
        return total
    if sizes is None:
        sizes = mx.ones_like(values)
    size = mx.sum(sizes if sample_weights is None else sample_weights * sizes)
    return total / mx.where(size > 0, size, 1.0)
