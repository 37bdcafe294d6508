"""Temperature scaling: one number that mends how sure a classifier is, and changes no answer."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

LOWEST_TEMPERATURE = 0.01
"""What a classifier gets that is right in every row: it would be sharpened without end."""

HIGHEST_TEMPERATURE = 1e6
"""What a classifier gets that is no better than chance: its answers are flattened to equality."""

# Halves the logarithm of the range, 18.4, until doubles have no number between its ends.
_HALVINGS = 60


def fit_temperature(logits: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """The temperature T at which `softmax(logits / T)` has the least log loss.

    `min_T sum_i (log sum_c exp(z_ic / T) - z_iy / T)` for logits z and labels y, in float64. The
    log loss is convex in `b = 1 / T`, with the derivative `sum_i (sum_c p_ic z_ic - z_iy)` for
    `p = softmax(b z)`, so its zero is found by bisection. T above 1 makes a classifier less sure,
    T below 1 surer. Logarithms of probabilities serve as logits, as softmax does not see what is
    added to a row.

    Fit T on rows that the model was not trained on, and use it on others.

    Example:
        >>> overconfident = [[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 0.0]]
        >>> temperature = fit_temperature(overconfident, [0, 0, 0, 1])
        >>> round(temperature, 4)  # softmax([4 / T, 0]) = [3/4, 1/4]
        3.641

    Args:
        logits: z, `[N, C]`.
        labels: y, `[N]` integers from 0 to C - 1.

    Returns:
        T, from `LOWEST_TEMPERATURE` to `HIGHEST_TEMPERATURE`. It is at the lower bound where every
        row is right, and 1 where no T changes anything: the logits of each row are equal.

    Raises:
        ValueError: logits are not `[N, C]` with a row and a class, or not finite; labels are not
            `[N]` integers or not among the C classes.

    Reference:
        Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    z = np.asarray(logits, dtype=np.float64)
    y = np.asarray(labels)
    if z.ndim != 2 or not z.size:
        raise ValueError(f"logits has shape {z.shape}: expected [N, C], with N and C at least 1")
    if not np.isfinite(z).all():
        raise ValueError(
            "logits holds NaN or infinity: expected finite numbers (a probability of 0 has no "
            "logarithm)"
        )
    if y.shape != z.shape[:1] or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"labels has shape {y.shape} and dtype {y.dtype}: expected [{len(z)}] integers, one "
            "for each row of logits"
        )
    if y.min() < 0 or y.max() >= z.shape[1]:
        raise ValueError(
            f"labels reach from {y.min()} to {y.max()}: expected 0 to {z.shape[1] - 1}"
        )

    z = z - z.max(axis=1, keepdims=True)
    if not z.any():
        return 1.0
    of_labels = z[np.arange(len(z)), y]

    def slope(inverse: float) -> float:
        """The derivative of the mean log loss in 1 / T."""
        weights = np.exp(inverse * z)
        means = (weights * z).sum(axis=1) / weights.sum(axis=1)
        return float((means - of_labels).mean())

    low, high = 1 / HIGHEST_TEMPERATURE, 1 / LOWEST_TEMPERATURE
    if slope(high) <= 0:
        return LOWEST_TEMPERATURE
    if slope(low) >= 0:
        return HIGHEST_TEMPERATURE
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / math.sqrt(low * high)
