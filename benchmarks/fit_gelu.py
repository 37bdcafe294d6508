"""Makes the rational functions of bertplay/encoders/gelu.py.

    python benchmarks/fit_gelu.py

An odd function f on [0, b] is fitted as x P(x^2) / Q(x^2) with the smallest largest error, by
linearised least squares, reweighted where the error is large (Lawson 1961). Needs scipy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]


def fit(f: Callable[[Array], Array], bound: float, degree: int) -> tuple[list[float], list[float]]:
    """Numerator and denominator coefficients, lowest power of x^2 first."""
    x = bound * np.sin(np.linspace(0.002, np.pi / 2, 4000))
    t, target = (x / bound) ** 2, f(x) / x
    powers = np.vander(t, degree + 1, increasing=True)
    weights, denominator = np.ones_like(x), np.ones_like(x)
    best_error, best = np.inf, (np.zeros(degree + 1), np.zeros(degree + 1))
    for _ in range(60):
        system = np.concatenate([powers, -target[:, None] * powers[:, 1:]], axis=1)
        scale = np.sqrt(weights) * x / np.abs(denominator)
        solution, *_ = np.linalg.lstsq(system * scale[:, None], target * scale, rcond=None)
        p, q = solution[: degree + 1], np.concatenate([[1.0], solution[degree + 1 :]])
        denominator = powers @ q
        error = np.abs(x * (powers @ p) / denominator - f(x))
        if (denominator > 0).all() and error.max() < best_error:
            best_error, best = error.max(), (p, q)
        weights = weights * (error / error.max() + 1e-3)
        weights /= weights.max()
    return tuple([float(np.float32(c / bound ** (2 * k))) for k, c in enumerate(cs)] for cs in best)


def largest_error_in_single_precision(
    f: Callable[[Array], Array], bound: float, p: list[float], q: list[float]
) -> float:
    """Over [-8, 8], evaluated as the encoder does."""
    x = np.linspace(-8, 8, 200_001).astype(np.float32)
    clipped = np.clip(x, -bound, bound).astype(np.float32)
    square = clipped * clipped

    def polynomial(coefficients: list[float]) -> NDArray[np.float32]:
        total = np.float32(coefficients[-1])
        for coefficient in coefficients[-2::-1]:
            total = total * square + np.float32(coefficient)
        return total

    return float(np.abs(clipped * polynomial(p) / polynomial(q) - f(x.astype(np.float64))).max())


def density(x: Array) -> Array:
    """Of the standard normal distribution."""
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


for name, function, bound in (
    ("normal cdf - 1/2", lambda x: ndtr(x) - 0.5, 5.5),
    ("slope of GELU - 1/2", lambda x: ndtr(x) - 0.5 + x * density(x), 6.0),
):
    numerator, denominator = fit(function, bound, degree=5)
    error = largest_error_in_single_precision(function, bound, numerator, denominator)
    print(f"{name}, bound {bound}, largest error {error:.1e}")
    print("  P", *numerator)
    print("  Q", *denominator)
