"""Losses for numbers instead of classes, such as valence, arousal and dominance."""

from __future__ import annotations

import mlx.core as mx

from bertplay.losses.argument_checks import check_positive
from bertplay.losses.number_rows import read_number_rows
from bertplay.losses.reduction import Reduction, check_reduction, reduce_rows


def mean_squared_error(
    predictions: mx.array,
    targets: mx.array,
    *,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Squared error, in the targets' unit squared.

    `l_i = 1/D sum_d (x_id - y_id)^2`; `mean = sum_i s_i l_i / sum_i s_i`.

    Example:
        >>> mean_squared_error(mx.array([[1.0, 3.0]]), mx.array([[0.0, 1.0]])).item()
        2.5

    Args:
        predictions: x, `[N, D]`; fp16 and bf16 are computed in float32.
        targets: y, `[N, D]`.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever it holds.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: a shape does not fit, a sample weight is negative, or the reduction is unknown.
    """
    x, y, sample_weights = _read(predictions, targets, sample_weights)
    return reduce_rows(mx.mean(mx.square(x - y), axis=-1), sample_weights, reduction)


def huber_loss(
    predictions: mx.array,
    targets: mx.array,
    *,
    delta: mx.array | float = 1.0,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Half of the squared error up to delta, a straight line beyond: outliers pull less.

    `l_i = 1/D sum_d h(|x_id - y_id|)` with `h(e) = e^2 / 2` up to delta and `delta (e - delta / 2)`
    beyond, as PyTorch's; `mean = sum_i s_i l_i / sum_i s_i`.

    Example:
        >>> huber_loss(mx.array([[3.0]]), mx.array([[0.0]]), delta=1.0).item()
        2.5

    Args:
        predictions: x, `[N, D]`; fp16 and bf16 are computed in float32.
        targets: y, `[N, D]`.
        delta: in the targets' unit, greater than 0.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever it holds.
        reduction: "none" gives `s_i l_i`, "sum" their sum, "mean" as above (0 if all s are 0).

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `mean_squared_error`; delta is not greater than 0.

    Reference:
        Huber, Robust Estimation of a Location Parameter, 1964.
    """
    check_positive("delta", delta)
    x, y, sample_weights = _read(predictions, targets, sample_weights)
    errors = mx.abs(x - y)
    # The same as the two cases, without a square that could overflow.
    near = mx.minimum(errors, delta)
    return reduce_rows(mx.mean(near * (errors - near / 2), axis=-1), sample_weights, reduction)


def concordance_loss(
    predictions: mx.array,
    targets: mx.array,
    *,
    sample_weights: mx.array | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """1 minus the concordance correlation coefficient over the batch, from 0 to 2.

    `l_d = 1 - 2 cov(x_d, y_d) / (var(x_d) + var(y_d) + (mean(x_d) - mean(y_d))^2)`: unlike the
    correlation it falls where predictions are right up to a factor or a shift. The moments are
    those of the rows, weighted by s. Where neither varies and both are equal, l_d is 0.

    Example:
        >>> values = mx.array([[0.1], [0.5], [0.9]])
        >>> round(concordance_loss(values, values).item(), 4)
        0.0

    Args:
        predictions: x, `[N, D]`; fp16 and bf16 are computed in float32.
        targets: y, `[N, D]`.
        sample_weights: s, `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has
            no influence, whatever it holds.
        reduction: over the D numbers, as a coefficient belongs to a batch, not to a row: "none"
            gives l, "sum" its sum, "mean" its mean; 0 if all s are 0.

    Returns:
        `[D]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as `mean_squared_error`.

    Reference:
        Lin, A Concordance Correlation Coefficient to Evaluate Reproducibility, 1989.
    """
    check_reduction(reduction)
    x, y, sample_weights = _read(predictions, targets, sample_weights)
    s = mx.ones(len(x)) if sample_weights is None else sample_weights
    total = mx.sum(s)
    shares = (s / mx.where(total > 0, total, 1.0))[:, None]
    mean_x, mean_y = mx.sum(shares * x, axis=0), mx.sum(shares * y, axis=0)
    from_x, from_y = x - mean_x, y - mean_y
    apart = mx.sum(shares * (mx.square(from_x) + mx.square(from_y)), axis=0)
    apart = apart + mx.square(mean_x - mean_y)
    # 1 - 2 cov / apart as the difference that is left, which is exact where x is y.
    missed = mx.sum(shares * mx.square(from_x - from_y), axis=0) + mx.square(mean_x - mean_y)
    losses = missed / mx.where(apart > 0, apart, 1.0)
    return {"none": lambda: losses, "sum": losses.sum, "mean": losses.mean}[reduction]()


def _read(
    predictions: mx.array, targets: mx.array, sample_weights: mx.array | None
) -> tuple[mx.array, mx.array, mx.array | None]:
    return read_number_rows(
        predictions,
        targets,
        sample_weights,
        name="predictions",
        axis="D",
        wanted="one number for each prediction",
    )
