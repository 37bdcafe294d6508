"""Layer normalisation (Ba et al. 2016), cheap on the CPU as well.

On the CPU the means over features are matrix products with a constant column, which BLAS computes
on all cores, and the gradient shares its intermediate results with the value. On a GPU MLX's own
kernel is used.
"""

from __future__ import annotations

from typing import cast

import mlx.core as mx
import mlx.nn as nn

from bertplay.cpu_streams import beside
from bertplay.device import on_gpu


class LayerNorm(nn.LayerNorm):
    """`(x - mean) / sqrt(variance + eps) * weight + bias` over the last axis.

    `nn.LayerNorm` with its weight, and with or without its bias.
    """

    def __call__(self, x: mx.array) -> mx.array:
        """`[..., H]` of any floating type to the same shape and type; statistics in fp32."""
        if on_gpu():
            normalised: mx.array = super().__call__(x)
            return normalised
        bias = self.bias if "bias" in self else mx.zeros_like(self.weight)
        arrays = (x, self.weight, bias, mx.array(self.eps))
        wide = _cpu_layer_norm(*(array.astype(mx.float32) for array in arrays))
        return cast("mx.array", wide).astype(x.dtype)


@mx.custom_function
def _cpu_layer_norm(x: mx.array, weight: mx.array, bias: mx.array, eps: mx.array) -> mx.array:
    normalised, _ = _normalised(x, eps)
    return normalised * weight + bias


@_cpu_layer_norm.vjp
def _cpu_layer_norm_vjp(
    primals: tuple[mx.array, mx.array, mx.array, mx.array], cotangent: mx.array, _: mx.array
) -> tuple[mx.array, mx.array, mx.array, mx.array]:
    x, weight, _bias, eps = primals
    size = x.shape[-1]
    normalised, scale = _normalised(x, eps)
    weighted = cotangent * normalised
    column = weight[:, None] / size
    slope = cotangent * weight - cotangent @ column - normalised * (weighted @ column)
    with beside():
        of_weight = weighted.reshape(-1, size).sum(axis=0)
        of_bias = cotangent.reshape(-1, size).sum(axis=0)
    return scale * slope, of_weight, of_bias, mx.zeros_like(eps)


def _normalised(x: mx.array, eps: mx.array) -> tuple[mx.array, mx.array]:
    """Rows of mean 0 and variance 1, and what their deviations were multiplied by."""
    column = mx.full((x.shape[-1], 1), 1 / x.shape[-1])
    deviations = x - x @ column
    scale = mx.rsqrt(mx.square(deviations) @ column + eps)
    return deviations * scale, scale
