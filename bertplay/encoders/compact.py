"""Weights in 8 bits and half precision, for encoders that travel inside a package.

A matrix becomes whole numbers from -127 to 127 and one float16 scale a row, under the name of the
matrix and that name with `_scale`; a vector becomes float16.
"""

from __future__ import annotations

from collections.abc import Mapping

import mlx.core as mx

_SCALE = "_scale"
_LARGEST = 127.0


def compact(tensors: Mapping[str, mx.array]) -> dict[str, mx.array]:
    """Tensors in about a quarter of the bytes of float32.

    The error of a number is at most half a 127th of the largest in its row.
    """
    small = {}
    for name, tensor in tensors.items():
        if tensor.ndim != 2:
            small[name] = tensor.astype(mx.float16)
            continue
        largest = mx.max(mx.abs(tensor), axis=1).astype(mx.float32)
        # Rounded up to what float16 holds, or the largest number would not fit into 127.
        scale = (largest / _LARGEST * (1 + 2**-10)).astype(mx.float16)
        divisor = mx.where(scale > 0, scale.astype(mx.float32), 1.0)[:, None]
        small[name] = mx.round(tensor.astype(mx.float32) / divisor).astype(mx.int8)
        small[name + _SCALE] = scale
    return small


def expand(tensors: Mapping[str, mx.array]) -> dict[str, mx.array]:
    """What `compact` made small as float32; tensors that are not compact stay as they are."""
    full = {}
    for name, tensor in tensors.items():
        if name.endswith(_SCALE) and name.removesuffix(_SCALE) in tensors:
            continue
        scale = tensors.get(name + _SCALE)
        if tensor.dtype == mx.int8 and scale is not None:
            tensor = tensor.astype(mx.float32) * scale.astype(mx.float32)[:, None]
        full[name] = tensor
    return full
