"""The arrays of a model, or of a tree like it, by name."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten


def named_arrays(tree: Any) -> dict[str, mx.array]:
    """Arrays by their paths, such as `head.output.bias`.

    Args:
        tree: of dictionaries and lists with arrays as leaves, such as `model.parameters()`.
    """
    return dict(tree_flatten(tree))
