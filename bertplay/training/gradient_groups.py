"""Groups of parameters whose gradients are watched: embeddings, each layer, and the head."""

from __future__ import annotations

import re
from collections.abc import Mapping

import mlx.core as mx
import mlx.nn as nn

from bertplay.named_arrays import named_arrays

_LAYER = re.compile(r"encoder\.encoder\.layer\.(\d+)\.")


def group_of(path: str) -> str:
    """The group of a parameter: `embeddings`, `layer 0` and so on, or `head`."""
    if found := _LAYER.match(path):
        return f"layer {found[1]}"
    return "embeddings" if path.startswith("encoder.embeddings.") else "head"


def trained_groups(model: nn.Module) -> list[str]:
    """The groups of what is trained now, in the order of `group_norms`."""
    return list(dict.fromkeys(map(group_of, named_arrays(model.trainable_parameters()))))


def group_norms(squares: Mapping[str, mx.array]) -> mx.array:
    """The norm of each group's gradient, `[G]`.

    Args:
        squares: path of a parameter to the sum of its gradient's squares.
    """
    groups: dict[str, list[mx.array]] = {}
    for path, square in squares.items():
        groups.setdefault(group_of(path), []).append(square)
    return mx.sqrt(mx.stack([mx.stack(own).sum() for own in groups.values()]))
