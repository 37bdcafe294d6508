"""A linear map whose weight is kept in 8 or 4 bits, at a usable speed on the CPU."""

from __future__ import annotations

from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn

from bertplay.device import on_gpu


class QuantizedLinear(nn.QuantizedLinear):
    """`nn.QuantizedLinear`, with the weight in full precision for the time of a product on the CPU.

    MLX's own product with a quantized weight is made for GPUs: on the CPU it takes more than ten
    times as long as this one, which the BLAS computes.
    """

    def __call__(self, x: mx.array) -> mx.array:
        """`[..., input_size]` to `[..., output_size]`."""
        if on_gpu():
            return cast("mx.array", super().__call__(x))
        product = x @ dequantized(self).T
        return product + self.bias if "bias" in self else product


def dequantized(module: Any) -> mx.array:
    """The weight that the bits of a linear map or of embeddings stand for, `[rows, columns]`."""
    return mx.dequantize(
        module.weight,
        module.scales,
        module.biases,
        group_size=module.group_size,
        bits=module.bits,
        mode=module.mode,
    )
