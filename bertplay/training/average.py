"""A mean of the weights over the steps: of the last ones, or one that forgets older ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map, tree_unflatten

from bertplay.named_arrays import named_arrays

Tree = Any  # of dicts and lists with arrays as leaves


class WeightAverage:
    """A mean of a model's trainable weights over steps (Polyak & Juditsky 1992).

    Of the last steps alike, as in stochastic weight averaging (Izmailov et al. 2018), but of every
    step and with whatever learning rate the schedule has; or an exponential moving average of all:
    `mean += (1 - d) (weights - mean)` with `d = min(decay, t / (t + 9))` at step t = 1, 2, ..., so
    that the first weights, which know nothing, are forgotten soon (as in TensorFlow's
    `ExponentialMovingAverage` with `num_updates`).

    Args:
        model: whose weights are averaged.
        total_steps: of the whole training.
        fraction: the part of them, at the end, that counts, in [0, 1); 0 averages nothing.
        ema_decay: of a moving average of all steps instead, in [0, 1); 0 for none.
    """

    def __init__(
        self, model: nn.Module, total_steps: int, fraction: float, *, ema_decay: float = 0.0
    ) -> None:
        self._model = model
        self._first = 0 if ema_decay else total_steps - math.ceil(fraction * total_steps)
        self._decay = ema_decay
        self._mean: Tree = None
        self.count = 0
        self._merged = mx.compile(_merged)

    def after_step(self, step: int) -> None:
        """Take the weights in, as the step of that number, counted from 0, has left them."""
        if step < self._first:
            return
        weights = self._model.trainable_parameters()
        self.count += 1
        if self._mean is None:
            # Arrays never change in place, so a reference keeps the values.
            self._mean = tree_map(lambda leaf: leaf, weights)
            return
        self._mean = self._merged(self._mean, weights, mx.array(self._share()))
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

    def arrays(self) -> dict[str, mx.array]:
        """The mean by the weights' names; empty where there is none yet."""
        return {} if self._mean is None else named_arrays(self._mean)

    def restore(self, arrays: Mapping[str, mx.array], count: int) -> None:
        """Go on from what `arrays` and `count` were."""
        self._mean = tree_unflatten(list(arrays.items())) if arrays else None
        self.count = count

    def _share(self) -> float:
        """Of the newest weights in the mean."""
        if not self._decay:
            return 1 / self.count
        return 1 - min(self._decay, self.count / (self.count + 9))


def _merged(mean: Tree, weights: Tree, share: mx.array) -> Tree:
    return tree_map(lambda old, new: old + share * (new - old), mean, weights)
