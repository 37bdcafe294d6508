"""AdamW as BERT is fine-tuned with it, and the gradient's norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
from mlx.utils import tree_map

from bertplay.named_arrays import named_arrays

Parameters = Any  # a tree of dicts and lists with arrays as leaves


def adamw(
    learning_rate: Callable[[mx.array], mx.array], *, weight_decay: float
) -> optim.MultiOptimizer:
    """AdamW (Loshchilov & Hutter 2019) with bias correction; norms and biases are not decayed.

    Args:
        learning_rate: from the step to the rate.
        weight_decay: of matrices; vectors (biases and the norms' scales) get none.
    """

    def group(decay: float) -> optim.AdamW:
        return optim.AdamW(learning_rate, weight_decay=decay, bias_correction=True)

    return optim.MultiOptimizer(
        [group(weight_decay), group(0.0)], [lambda _, parameter: parameter.ndim > 1]
    )


def clip_by_global_norm(gradients: Parameters, limit: float) -> tuple[Parameters, mx.array]:
    """Scale all gradients down together when their norm exceeds the limit (Pascanu et al. 2013).

    Args:
        gradients: the tree.
        limit: the largest norm; 0 leaves the gradients as they are.

    Returns:
        The tree and the norm before clipping, a scalar.
    """
    # Summing columns first keeps the additions apart, which the CPU does several at a time.
    squares = [mx.square(leaf).sum(axis=0).sum() for leaf in named_arrays(gradients).values()]
    norm = mx.sqrt(mx.stack(squares).sum())
    if limit <= 0:
        return gradients, norm
    scale = mx.minimum(limit / (norm + 1e-6), 1.0)
    return tree_map(lambda leaf: leaf * scale, gradients), norm
