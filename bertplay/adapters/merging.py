"""The arrays of an encoder as if it had neither adapters nor quantized weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from bertplay.adapters.adding import is_adapted
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.quantized_linear import dequantized
from bertplay.named_arrays import named_arrays


def merged_arrays(encoder: Encoder) -> dict[str, mx.array]:
    """The arrays of the plain encoder that computes the same.

    Args:
        encoder: stays as it is; its adapters are added to the weights they are on, and quantized
            weights are given in full precision.

    Returns:
        Arrays by the plain encoder's names; those of an encoder without either are its own.
    """
    modules = dict(encoder.named_modules())
    changed = {path: module for path, module in modules.items() if _is_changed(path, modules)}
    within = tuple(f"{path}." for path in changed)
    kept = {
        name: array
        for name, array in named_arrays(encoder.parameters()).items()
        if not name.startswith(within)
    }
    plain = {
        f"{path}.{name}": array
        for path, module in changed.items()
        for name, array in _plain(module).items()
    }
    return kept | plain


def _is_changed(path: str, modules: Mapping[str, nn.Module]) -> bool:
    """Whether a module is adapted or quantized; a quantized one in an adapter counts not."""
    if not isinstance(modules[path], (nn.QuantizedLinear, nn.QuantizedEmbedding)):
        return is_adapted(modules[path])
    return not is_adapted(modules[path.rpartition(".")[0]])


def _plain(module: Any) -> dict[str, mx.array]:
    """Weight and bias, where it has one, of a linear map or embeddings."""
    if is_adapted(module):
        return named_arrays(module.fuse(dequantize=True).parameters())
    bias = {"bias": module.bias} if "bias" in module else {}
    return {"weight": dequantized(module), **bias}
