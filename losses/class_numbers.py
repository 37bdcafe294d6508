"""The numbers of the classes, as labels are compared with them."""

from __future__ import annotations

from functools import lru_cache

import mlx.core as mx
import numpy as np


@lru_cache(maxsize=64)
def class_numbers(classes: int) -> mx.array:
    """0, 1, ..., C-1: `[C]` int32, the same array for the same C.

    `mx.compile` computes what is the same function of the same arrays once, and two calls of
    `mx.arange` are two arrays: with them the parts of a mixed loss would each have their softmax.
    """
    return mx.array(np.arange(classes, dtype=np.int32))
