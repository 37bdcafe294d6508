"""Makes the polynomial of bertplay/encoders/gelu.py: python benchmarks/fit_gelu.py.

The largest error of GELU is as small as least squares makes it when points with large errors are
weighted up (Lawson 1961). Needs scipy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

DEGREE = 6
Array = NDArray[np.float64]


def fit(t: Array, target: Array, sensitivity: Array) -> Array:
    """Coefficients, lowest power first, of 1 + c_1 t + ... nearest to the target.

    Args:
        t: where it is compared.
        target: the values wanted there.
        sensitivity: how much an error in the polynomial changes the result it is used for.
    """
    powers = np.vander(t, DEGREE + 1, increasing=True)[:, 1:]
    weights = np.ones_like(t)
    best_error, best = np.inf, np.zeros(DEGREE)
    for _ in range(200):
        scale = np.sqrt(weights) * sensitivity
        solution, *_ = np.linalg.lstsq(powers * scale[:, None], (target - 1) * scale, rcond=None)
        error = np.abs((powers @ solution - (target - 1)) * sensitivity)
        if error.max() < best_error:
            best_error, best = error.max(), solution
        weights = weights * (error / error.max() + 1e-4)
        weights /= weights.max()
    return np.concatenate([[1.0], best])


def in_single_precision(coefficients: Array, t: NDArray[np.float32]) -> NDArray[np.float32]:
    """The polynomial as float32 arithmetic gives it."""
    total = np.float32(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * t + np.float32(coefficient)
    return total


t = np.linspace(0, 7, 6001)
# 1 - Phi(t) = 1 / (2 D^16); GELU takes t times it, and the second term keeps errors near 0 small.
wanted = np.exp((np.log(0.5) - log_ndtr(-t)) / 16)
denominator = fit(t, wanted, (t + 0.2) * 8 / wanted**17)

x = np.linspace(-9, 9, 400_001).astype(np.float32)
size, exact = np.abs(x), x.astype(np.float64)
tail = np.float32(0.5) / in_single_precision(denominator, size) ** 16
value = np.float32(0.5) * (x + size) - size * tail
print("D", *[float(np.float32(c)) for c in denominator])
print(f"largest error of values {np.abs(value - exact * ndtr(exact)).max():.1e}")
