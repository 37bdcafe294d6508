"""Dropout whose mask costs a hash of every position instead of a draw from MLX's generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mlx.core as mx
import mlx.nn as nn

from bertplay.cpu_streams import beside

# Wellons' "lowbias32" (2018): two rounds of xor-shift and multiplication, https://nullprogram.com/
# blog/2018/07/31/.
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B
# 2^32 over the golden ratio: consecutive positions land far apart.
_STRIDE = 0x9E3779B9


# The key that the next draw splits, within `draws_from`; None for MLX's random state.
_keys: list[mx.array] = []


@contextmanager
def draws_from(key: mx.array) -> Iterator[None]:
    """In this block dropout is a function of a key, `[2]` uint32, and leaves MLX's state alone."""
    _keys.append(key)
    try:
        yield
    finally:
        _keys.pop()


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014) as `nn.Dropout`, at half its cost on the CPU.

    Each call draws one number from MLX's random state, and a hash of it and of an element's
    position decides about the element. So masks follow `mx.random.seed`, and calls are independent
    of each other as far as the hash goes.

    Args:
        p: the probability of dropping an element, in [0, 1).

    Attributes:
        frozen: true in a part of a model that is not trained: the identity in training as well.

    Raises:
        ValueError: p is outside [0, 1).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p is {p}: expected a probability of at least 0 and below 1")
        self._p = p
        self.frozen = False

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing, in training as in evaluation."""
        return self._p == 0 or self.frozen

    def __call__(self, x: mx.array) -> mx.array:
        """Any shape and floating type; the identity in evaluation and where it is frozen."""
        if self.is_identity or not self.training:
            return x
        limit = mx.array(round((1 - self._p) * 2**32), dtype=mx.uint32)
        with beside():
            kept = _hashed_positions(x.shape) < limit
            factors = (kept * (1 / (1 - self._p))).astype(x.dtype)
        return x * factors


def _hashed_positions(shape: tuple[int, ...]) -> mx.array:
    """A uniform uint32 for each element."""
    size = 1
    for length in shape:
        size *= length
    # A reshape keeps the draw's own arithmetic out of the loop over the elements.
    draw = mx.random.randint(0, 2**31 - 1, [1], mx.uint32, key=_next_key()).reshape([])
    z = mx.arange(size, dtype=mx.uint32).reshape(shape) * _word(_STRIDE) + draw
    z = (z ^ (z >> _word(16))) * _word(_FIRST)
    z = (z ^ (z >> _word(15))) * _word(_SECOND)
    return z ^ (z >> _word(16))


def _next_key() -> mx.array | None:
    if not _keys:
        return None
    _keys[-1], key = mx.random.split(_keys[-1])
    return key


def _word(value: int) -> mx.array:
    return mx.array(value, dtype=mx.uint32)
