"""Task weights: how much each of several losses counts in their sum.

A task weighting is a module that is called with the tasks' losses, `weighting(losses, present)`,
and returns their weighted sum; `weighting.weights()` says what each task counts at present. It
lives in the model's tree, so that what it has learned is saved and compiled with the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import mlx.core as mx
import numpy as np

from bertplay.losses.argument_checks import check_at_least, require
from bertplay.losses.untrained import Untrained

LOWEST, HIGHEST = 0.1, 10.0
"""Bounds of a task's weight, relative to the mean of all tasks, where it is not the user's own."""


class FixedTaskWeights(Untrained):
    """`sum_t w_t L_t` with the weights as they are given; `set_weights` changes them between steps.

    The weights are float32 arrays in the module's tree that no optimizer trains.

    Example:
        >>> weighting = FixedTaskWeights({"emotion": 1.5, "safety": 0.5})
        >>> weighting({"emotion": mx.array(2.0), "safety": mx.array(1.0)}).item()
        3.5

    Args:
        weights: task to its weight, at least 0; not all 0.

    Raises:
        ValueError: there is no task, or a weight is negative, not finite, or all are 0.
    """

    def __init__(self, weights: Mapping[str, float]):
        super().__init__()
        self._tasks = tuple(weights)
        self.factors = _checked(weights)

    def __call__(
        self, losses: Mapping[str, mx.array], present: Mapping[str, mx.array] | None = None
    ) -> mx.array:
        """The weighted sum, a float32 scalar.

        Args:
            losses: task to its loss, a scalar; a task without a labelled row in the batch has 0.
            present: not looked at, as a loss of 0 adds nothing.

        Raises:
            ValueError: a task has no loss, or there is a loss of no task.
        """
        return mx.sum(self.factors * _stacked(losses, self._tasks))

    def weights(self) -> dict[str, float]:
        """What each task counts; waits for the device."""
        return dict(zip(self._tasks, np.array(self.factors).tolist(), strict=True))

    def set_weights(self, weights: Mapping[str, float]) -> None:
        """Set the weights of tasks by name; the others stay.

        Raises:
            ValueError: there is no such task, or a weight is outside its range.
        """
        for name in weights:
            require(name in self._tasks, _unknown(name, self._tasks))
        self.factors = _checked({**self.weights(), **weights})


class UncertaintyTaskWeights(Untrained):
    """Weights learned as the inverse of each task's noise.

    `sum_t w_t present_t (exp(-s_t) c_t L_t + s_t / 2)` with `s_t = log sigma_t^2`; c_t is 1 for a
    classification and 1/2 for a regression, whose loss is a Gaussian's. s_t starts at 0 and is
    `b tanh(v_t / b)` with v_t trained along with the model and `b = log 10`, so that no task is
    lost.

    Example:
        >>> weighting = UncertaintyTaskWeights({"emotion": 1.0, "valence": 1.0}, ["valence"])
        >>> weighting({"emotion": mx.array(2.0), "valence": mx.array(1.0)}).item()
        2.5

    Args:
        weights: task to a fixed factor w of its term, at least 0; not all 0.
        regressions: the tasks that are regressions.

    Raises:
        ValueError: as `FixedTaskWeights`; a regression is no task.

    Reference:
        Kendall, Gal and Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
        Geometry and Semantics, CVPR 2018, equations 5 to 10.
    """

    trained = frozenset({"log_variances"})

    def __init__(self, weights: Mapping[str, float], regressions: tuple[str, ...] | list[str] = ()):
        super().__init__()
        self._tasks = tuple(weights)
        for name in regressions:
            require(name in self._tasks, _unknown(name, self._tasks))
        self.factors = _checked(weights)
        self.scales = mx.array([0.5 if name in regressions else 1.0 for name in self._tasks])
        self.log_variances = mx.zeros(len(self._tasks))

    def __call__(
        self, losses: Mapping[str, mx.array], present: Mapping[str, mx.array] | None = None
    ) -> mx.array:
        """The weighted sum, a float32 scalar.

        Args:
            losses: task to its loss, a scalar.
            present: task to 1 where the batch has a labelled row of it, else 0; None for 1. A task
                without rows must not change its s.

        Raises:
            ValueError: a task has no loss, or there is a loss of no task.
        """
        there = 1.0 if present is None else _stacked(present, self._tasks)
        s = self._bounded()
        terms = mx.exp(-s) * self.scales * _stacked(losses, self._tasks) + s / 2
        return mx.sum(self.factors * there * terms)

    def weights(self) -> dict[str, float]:
        """`w_t exp(-s_t) c_t`, what each task's loss counts; waits for the device."""
        weights = self.factors * self.scales * mx.exp(-self._bounded())
        return dict(zip(self._tasks, np.array(weights).tolist(), strict=True))

    def _bounded(self) -> mx.array:
        bound = math.log(HIGHEST)
        return bound * mx.tanh(self.log_variances / bound)


class GradientTaskWeights(Untrained):
    """Weights that let every task pull at the shared encoder alike, slow learners a little more.

    With g_t the norm of task t's gradient at the encoder's output, `r_t` its loss by its first
    loss, relative to the mean of all tasks, and `G = mean_t w_t g_t`, the weights move each step
    by a tenth towards `G r_t^a / g_t`, with mean 1 and within bounds. That is where GradNorm's own
    objective `sum_t |w_t g_t - G r_t^a|` is 0; as its solution is known, no second optimizer has
    to find it.

    Example:
        >>> weighting = GradientTaskWeights({"emotion": 1.0, "valence": 1.0})
        >>> losses = {"emotion": mx.array(2.0), "valence": mx.array(2.0)}
        >>> there = {"emotion": mx.array(1.0), "valence": mx.array(1.0)}
        >>> weighting.observe(losses, {"emotion": mx.array(3.0), "valence": mx.array(1.0)}, there)
        >>> weighting.weights()["emotion"] < weighting.weights()["valence"]
        True

    Args:
        weights: task to a fixed factor of its loss, at least 0; not all 0.
        asymmetry: a, at least 0; 0 asks for equal gradients.

    Raises:
        ValueError: as `FixedTaskWeights`; asymmetry is negative.

    Reference:
        Chen et al., GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep Multitask
        Networks, ICML 2018.
    """

    STEP = 0.1

    def __init__(self, weights: Mapping[str, float], asymmetry: float = 1.0):
        super().__init__()
        check_at_least("asymmetry", asymmetry, 0.0)
        self._tasks = tuple(weights)
        self._asymmetry = asymmetry
        self.factors = _checked(weights)
        self.balance = mx.ones(len(self._tasks))
        self.first_losses = mx.zeros(len(self._tasks))

    def __call__(
        self, losses: Mapping[str, mx.array], present: Mapping[str, mx.array] | None = None
    ) -> mx.array:
        """The weighted sum, a float32 scalar.

        Args:
            losses: task to its loss, a scalar; a task without a labelled row in the batch has 0.
            present: not looked at, as a loss of 0 adds nothing.

        Raises:
            ValueError: a task has no loss, or there is a loss of no task.
        """
        return mx.sum(self.factors * self.balance * _stacked(losses, self._tasks))

    def observe(
        self,
        losses: Mapping[str, mx.array],
        gradient_norms: Mapping[str, mx.array],
        present: Mapping[str, mx.array],
    ) -> None:
        """Move the weights by what a step shows; works inside a compiled step, without a sync.

        Args:
            losses: task to its loss, a scalar.
            gradient_norms: task to the norm of its loss's gradient, a scalar.
            present: task to 1 where the batch has a labelled row of it, else 0: a task without
                keeps its weight.

        Raises:
            ValueError: a task is missing.
        """
        loss = mx.stop_gradient(_stacked(losses, self._tasks))
        norms = mx.stop_gradient(_stacked(gradient_norms, self._tasks))
        there = _stacked(present, self._tasks) * (norms > 0)
        count = mx.maximum(mx.sum(there), 1.0)

        first = mx.where((self.first_losses <= 0) & (there > 0), loss, self.first_losses)
        left = loss / mx.where(first > 0, first, 1.0)
        mean_left = mx.sum(there * left) / count
        relative = left / mx.where(mean_left > 0, mean_left, 1.0)
        mean_pull = mx.sum(there * self.balance * norms) / count
        wanted = mean_pull * mx.power(relative, self._asymmetry) / mx.where(norms > 0, norms, 1.0)
        moved = self.balance + self.STEP * (mx.clip(wanted, LOWEST, HIGHEST) - self.balance)
        moved = mx.where(there > 0, moved, self.balance)
        self.balance = mx.clip(moved / mx.mean(moved), LOWEST, HIGHEST)
        self.first_losses = first

    def weights(self) -> dict[str, float]:
        """What each task's loss counts; waits for the device."""
        weights = np.array(self.factors * self.balance).tolist()
        return dict(zip(self._tasks, weights, strict=True))


def bounded_weights(values: Mapping[str, float]) -> dict[str, float]:
    """Weights in proportion to values, with mean 1, none below 0.1 or above 10.

    `w_t = clip(c v_t, 0.1, 10)` with the c that makes the mean 1.

    Example:
        >>> bounded_weights({"easy": 1.0, "hard": 3.0})
        {'easy': 0.5, 'hard': 1.5}

    Args:
        values: task to a finite number that is at least 0; where all are 0, all weigh alike.

    Raises:
        ValueError: there is no task, or a value is negative or not finite.
    """
    numbers = np.array(list(values.values()), dtype=np.float64)
    require(
        numbers.size > 0 and bool(np.isfinite(numbers).all() and (numbers >= 0).all()),
        f"values is {dict(values)}: expected finite numbers of at least 0, one for each task",
    )
    if not numbers.any():
        numbers = np.ones_like(numbers)
    shares = numbers / numbers.max()
    # The mean rises with c, from LOWEST to HIGHEST where no value is 0; bisection in the logarithm.
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        below = np.clip(math.exp(middle) * shares, LOWEST, HIGHEST).mean() < 1
        low, high = (middle, high) if below else (low, middle)
    weights = np.clip(math.exp(high) * shares, LOWEST, HIGHEST)
    return {name: round(float(weight), 9) for name, weight in zip(values, weights, strict=True)}


def _checked(weights: Mapping[str, float]) -> mx.array:
    require(len(weights) > 0, "weights is empty: expected a weight for at least one task")
    for name, weight in weights.items():
        check_at_least(f"the weight of task {name!r}", weight, 0.0)
    require(
        any(weights.values()), f"weights is {dict(weights)}: at least one must be greater than 0"
    )
    return mx.array(list(weights.values()), dtype=mx.float32)


def _stacked(figures: Mapping[str, mx.array], tasks: tuple[str, ...]) -> mx.array:
    for name in figures:
        require(name in tasks, _unknown(name, tasks))
    missing = [name for name in tasks if name not in figures]
    require(not missing, f"there is no figure of task {missing and missing[0]!r}")
    return mx.stack([figures[name].astype(mx.float32) for name in tasks])


def _unknown(name: str, tasks: tuple[str, ...]) -> str:
    return f"there is no task {name!r}: choose from {', '.join(tasks)}"
