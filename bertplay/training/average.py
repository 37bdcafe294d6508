"""The mean of the weights over the last steps of training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map

Tree = Any  # of dicts and lists with arrays as leaves


class WeightAverage:
    """The mean of a model's trainable weights over the last steps (Polyak & Juditsky 1992).

    As in stochastic weight averaging (Izmailov et al. 2018), but of every step and with whatever
    learning rate the schedule has.

    Args:
        model: whose weights are averaged.
        total_steps: of the whole training.
        fraction: the part of them, at the end, that counts, in [0, 1); 0 averages nothing.
    """

    def __init__(self, model: nn.Module, total_steps: int, fraction: float) -> None:
        self._model = model
        self._first = total_steps - math.ceil(fraction * total_steps)
        self._mean: Tree = None
        self._count = 0
        self._merged = mx.compile(_merged)

    def after_step(self, step: int) -> None:
        """Take the weights in, as the step of that number, counted from 0, has left them."""
        if step < self._first:
            return
        weights = self._model.trainable_parameters()
        self._count += 1
        if self._mean is None:
            # Arrays never change in place, so a reference keeps the values.
            self._mean = tree_map(lambda leaf: leaf, weights)
            return
        self._mean = self._merged(self._mean, weights, mx.array(1 / self._count))
        mx.async_eval(self._mean)

    @contextmanager
    def in_model(self) -> Iterator[None]:
        """The model holds the mean in this block, if there is one yet, and then its weights again.

        Buffers and other arrays that are not trained stay as they are.
        """
        if self._mean is None:
            yield
            return
        trained = tree_map(lambda leaf: leaf, self._model.trainable_parameters())
        self._model.update(self._mean)
        try:
            yield
        finally:
            self._model.update(trained)


def _merged(mean: Tree, weights: Tree, share: mx.array) -> Tree:
    return tree_map(lambda old, new: old + share * (new - old), mean, weights)
