"""The gradient's norm, and gradients that are no longer than a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mlx.core as mx
from mlx.utils import tree_map_with_path

from bertplay.cpu_streams import Streams
from bertplay.named_arrays import named_arrays

Parameters = Any  # a tree of dicts and lists with arrays as leaves

_BLOCKS = 8


def sums_of_squares(gradients: Parameters) -> dict[str, mx.array]:
    """Path of each gradient to the sum of its squares, a scalar."""
    arrays = named_arrays(gradients)
    streams = Streams(arrays)
    squares = {}
    for path, leaf in arrays.items():
        with streams.of(path):
            squares[path] = _sum_of_squares(leaf)
    return squares


def clip_by_global_norm(
    gradients: Parameters, limit: float, squares: Mapping[str, mx.array] | None = None
) -> tuple[Parameters, mx.array]:
    """Scale all gradients down together when their norm exceeds the limit (Pascanu et al. 2013).

    Args:
        gradients: the tree.
        limit: the largest norm; 0 leaves the gradients as they are.
        squares: of `sums_of_squares`, where they are known already.

    Returns:
        The tree and the norm before clipping, a scalar.
    """
    squares = sums_of_squares(gradients) if squares is None else squares
    norm = mx.sqrt(mx.stack(list(squares.values())).sum())
    if limit <= 0:
        return gradients, norm
    scale = mx.minimum(limit / (norm + 1e-6), 1.0)
    streams = Streams(named_arrays(gradients))

    def scaled(path: str, leaf: mx.array) -> mx.array:
        with streams.of(path):
            return leaf * scale

    return tree_map_with_path(scaled, gradients), norm


def _sum_of_squares(array: mx.array) -> mx.array:
    """The sum over all elements, in an order that suits the CPU.

    The squares of eight blocks of rows are added in one fused loop, so that an eighth of them is
    written to memory, and columns are summed before rows, several at a time.
    """
    rows = len(array) // _BLOCKS
    if array.ndim == 1 or rows == 0:
        return mx.square(array).sum()
    total = mx.square(array[:rows])
    for block in range(1, _BLOCKS):
        total = total + mx.square(array[block * rows : (block + 1) * rows])
    total = total.sum(axis=0).sum()
    rest = array[_BLOCKS * rows :]
    return total + mx.square(rest).sum() if len(rest) else total
