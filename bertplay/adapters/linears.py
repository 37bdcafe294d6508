"""Linear maps of an encoder by their paths, and how one is put in another's place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mlx.nn as nn

from bertplay.adapters.settings import TARGET_PATHS
from bertplay.encoders.bert import BertEncoder


def layer_linears(
    encoder: BertEncoder, paths: tuple[str, ...] = tuple(TARGET_PATHS.values())
) -> Iterator[tuple[nn.Module, str]]:
    """The linear maps of all layers, each as its owner and its name there.

    Args:
        encoder: whose layers.
        paths: within a layer; all by default.
    """
    for layer in encoder.encoder.layer:
        for path in paths:
            *owners, name = path.split(".")
            owner: Any = layer
            for part in owners:
                owner = getattr(owner, part)
            yield owner, name
