"""A mean of the weights over the steps: of the last ones, or one that forgets older ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

from bertplay.named_arrays import named_arrays

Arrays = dict[str, mx.array]


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
        self._mean: Arrays = {}
        self.count = 0
        self._merged = mx.compile(_merged)

    def after_step(self, step: int) -> None:
        """Take the weights in, as the step of that number, counted from 0, has left them."""
        if step < self._first:
            return
        self.count += 1
        if self.count == 1:
            # Arrays never change in place, so references keep the values.
            self._mean = named_arrays(self._model.trainable_parameters())
            return
        self._mean = self._merged(self._mean, self._averaged(), mx.array(self._share()))
        mx.async_eval(self._mean)

    def let_join(self) -> None:
        """Average what is trained from now on as well, which has not changed in the steps before.

        What is no longer trained stays in the mean, as it would otherwise jump to its last value.
        """
        if self._mean:
            self._mean = {**named_arrays(self._model.trainable_parameters()), **self._mean}

    @contextmanager
    def in_model(self) -> Iterator[None]:
        """The model holds the mean in this block, if there is one yet, and then its weights again.

        Buffers and other arrays that are not trained stay as they are.
        """
        if not self._mean:
            yield
            return
        trained = self._averaged()
        self._model.update(tree_unflatten(list(self._mean.items())))
        try:
            yield
        finally:
            self._model.update(tree_unflatten(list(trained.items())))

    def arrays(self) -> dict[str, mx.array]:
        """The mean by the weights' names; empty where there is none yet."""
        return dict(self._mean)

    def restore(self, arrays: Mapping[str, mx.array], count: int) -> None:
        """Go on from what `arrays` and `count` were."""
        self._mean, self.count = dict(arrays), count

    def _averaged(self) -> Arrays:
        """The model's own values of what the mean is of."""
        everything = named_arrays(self._model.parameters())
        return {name: everything[name] for name in self._mean}

    def _share(self) -> float:
        """Of the newest weights in the mean."""
        if not self._decay:
            return 1 / self.count
        return 1 - min(self._decay, self.count / (self.count + 9))


def _merged(mean: Arrays, weights: Arrays, share: mx.array) -> Arrays:
    return {name: old + share * (weights[name] - old) for name, old in mean.items()}
