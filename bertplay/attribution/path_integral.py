"""Integrated gradients: a difference of a function's values, divided among its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
import numpy.typing as npt

TOLERANCE = 0.01
"""How far the parts may be from adding up, as a share of the difference, or of 1 below that."""

FIRST_POINTS = 16
MOST_POINTS = 128

# States of points that are computed at once: their gradient takes some ten times their memory.
_VECTORS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class PathIntegral:
    """The parts of L vectors in `score(states) - score(baseline)`.

    Attributes:
        parts: `[L]` one number a vector, float64.
        start: the score of the baseline.
        end: the score of the states.
        points: of the path at which the gradient was taken.
    """

    parts: npt.NDArray[np.float64]
    start: float
    end: float
    points: int

    @property
    def error(self) -> float:
        """The sum of the parts less the difference that it should be."""
        return float(self.parts.sum()) - (self.end - self.start)

    @property
    def complete(self) -> bool:
        """Whether the parts add up to the difference, within `TOLERANCE`."""
        return abs(self.error) <= TOLERANCE * max(1.0, abs(self.end - self.start))


def integrated_gradients(
    score: Callable[[mx.array], mx.array], states: mx.array, baseline: mx.array
) -> PathIntegral:
    """Divide the difference that a score makes between two inputs among their L vectors.

    Vector l gets `(x_l - b_l) . integral_0^1 d score / d x_l (b + t (x - b)) dt`, for states x and
    baseline b. What all vectors get adds up to `score(x) - score(b)` (completeness), and a vector
    that is the baseline's gets 0.

    The integral is a Gauss-Legendre sum, exact for gradients that are polynomials in t of a degree
    below twice its points. Their number is doubled from 16 until the parts add up within
    `TOLERANCE`, or there are 128: ask the result whether it is `complete`.

    Args:
        score: `[P, L, H]` inputs to `[P]` numbers, each from its own input alone.
        states: `[L, H]`, the input x.
        baseline: `[L, H]`, the input b that stands for nothing known.

    Raises:
        ValueError: the shapes differ, or the scores are not finite.

    Reference:
        Sundararajan, Taly, Yan, Axiomatic Attribution for Deep Networks, ICML 2017.
    """
    if states.ndim != 2 or states.shape != baseline.shape:
        raise ValueError(
            f"states has shape {states.shape} and baseline {baseline.shape}: expected [L, H] for "
            "both"
        )
    end, start = np.array(score(mx.stack([states, baseline])).astype(mx.float32)).tolist()
    if not np.isfinite([start, end]).all():
        raise ValueError("score is NaN or infinite at the states or at the baseline")
    points = FIRST_POINTS
    while True:
        parts = _gauss_legendre(score, states, baseline, points)
        result = PathIntegral(parts, start, end, points)
        if result.complete or points == MOST_POINTS:
            return result
        points *= 2


def _gauss_legendre(
    score: Callable[[mx.array], mx.array], states: mx.array, baseline: mx.array, points: int
) -> npt.NDArray[np.float64]:
    """`[L]` the parts, with the gradient at so many points."""
    places, weights = np.polynomial.legendre.leggauss(points)
    places, weights = (places + 1) / 2, weights / 2
    way = states - baseline
    gradient = mx.grad(lambda inputs: mx.sum(score(inputs)))
    at_once = max(1, _VECTORS_AT_ONCE // states.shape[0])
    parts = np.zeros(states.shape[0])
    for first in range(0, points, at_once):
        t = mx.array(places[first : first + at_once], dtype=states.dtype)[:, None, None]
        slopes = mx.sum(gradient(baseline + t * way) * way, axis=-1).astype(mx.float32)
        parts += weights[first : first + at_once] @ np.array(slopes, dtype=np.float64)
    return parts
