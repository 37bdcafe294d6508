"""Linear maps of an encoder by their paths, and how one is put in another's place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import mlx.nn as nn

from bertplay.encoders.encoder import Encoder


def layer_linears(
    encoder: Encoder, paths: Iterable[str] | None = None
) -> Iterator[tuple[nn.Module, str]]:
    """The linear maps of all layers, each as its owner and its name there.

    Args:
        encoder: whose layers.
        paths: within a layer; None for all that the family has.
    """
    # One map may go by several names, as ModernBERT's for queries, keys and values.
    chosen = dict.fromkeys(encoder.linears.values() if paths is None else paths)
    for layer in encoder.layers:
        for path in chosen:
            *owners, name = path.split(".")
            owner: Any = layer
            for part in owners:
                owner = getattr(owner, part)
            yield owner, name
