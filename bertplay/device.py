"""Which of MLX's backends computes."""

from __future__ import annotations

import mlx.core as mx


def on_gpu() -> bool:
    """Whether arrays are computed on a GPU, by Metal or CUDA, unless a stream says otherwise."""
    return bool(mx.default_device() == mx.Device(mx.gpu))
