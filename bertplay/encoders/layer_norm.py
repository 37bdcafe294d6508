"""Layer normalisation (Ba et al. 2016), cheap on the CPU as well.

On the CPU the means over features are matrix products with a constant column, which BLAS takes
spreads over registers and cores, and the gradient shares its intermediate results with the
value. On a GPU MLX's own kernel is used.
"""

from __future__ import annotations

from typing import cast

import mlx.core as mx
import mlx.nn as nn


class LayerNorm(nn.LayerNorm):
    """`(x - mean) / sqrt(variance + eps) * weight + bias` over the last axis, as `nn.LayerNorm`."""

    def __call__(self, x: mx.array) -> mx.array:
        """`[..., H]` of any floating type to the same shape and type; statistics in fp32."""
        if mx.default_device() == mx.Device(mx.gpu):
            on_gpu: mx.array = super().__call__(x)
            return on_gpu
        eps = mx.array(self.eps, dtype=mx.float32)
        return cast("mx.array", _cpu_layer_norm(x, self.weight, self.bias, eps))


@mx.custom_function
def _cpu_layer_norm(x: mx.array, weight: mx.array, bias: mx.array, eps: mx.array) -> mx.array:
    normalised, _ = _normalised(x, eps)
    return (normalised * weight + bias).astype(x.dtype)


@_cpu_layer_norm.vjp
def _cpu_layer_norm_vjp(
    primals: tuple[mx.array, mx.array, mx.array, mx.array], cotangent: mx.array, _: mx.array
) -> tuple[mx.array, mx.array, mx.array, mx.array]:
    x, weight, bias, eps = primals
    size = x.shape[-1]
    normalised, scale = _normalised(x, eps)
    direction = cotangent.astype(mx.float32)
    weighted = direction * normalised
    column = weight.astype(mx.float32)[:, None] / size
    slope = direction * weight - direction @ column - normalised * (weighted @ column)
    return (
        (scale * slope).astype(x.dtype),
        weighted.reshape(-1, size).sum(axis=0).astype(weight.dtype),
        direction.reshape(-1, size).sum(axis=0).astype(bias.dtype),
        mx.zeros_like(eps),
    )


def _normalised(x: mx.array, eps: mx.array) -> tuple[mx.array, mx.array]:
    """Rows of mean 0 and variance 1, and what their deviations were multiplied by."""
    wide = x.astype(mx.float32)
    column = mx.full((x.shape[-1], 1), 1 / x.shape[-1])
    deviations = wide - wide @ column
    scale = mx.rsqrt(mx.square(deviations) @ column + eps)
    return deviations * scale, scale
