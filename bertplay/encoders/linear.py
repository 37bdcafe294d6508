"""A linear map whose weight's gradient lies in memory as the weight does."""

from __future__ import annotations

from typing import cast

import mlx.core as mx
import mlx.nn as nn

from bertplay.cpu_streams import beside


class Linear(nn.Linear):
    """`x W^T + b`: `nn.Linear`, with or without its bias.

    MLX's own gradient of the weight is a transposed view, and an optimizer's fused loop walks
    either it or the weight against its order in memory: AdamW takes nearly twice as long.
    """

    def __call__(self, x: mx.array) -> mx.array:
        """`[..., input_size]` to `[..., output_size]`."""
        if "bias" not in self:
            return cast("mx.array", _product(x, self.weight))
        return cast("mx.array", _linear(x, self.weight, self.bias))


@mx.custom_function
def _linear(x: mx.array, weight: mx.array, bias: mx.array) -> mx.array:
    return mx.addmm(bias, x, weight.T)


@_linear.vjp
def _linear_vjp(
    primals: tuple[mx.array, mx.array, mx.array], cotangent: mx.array, _: mx.array
) -> tuple[mx.array, mx.array, mx.array]:
    x, weight, _bias = primals
    _rows, outputs = _flat(x, cotangent)
    with beside():
        of_bias = outputs.sum(axis=0)
    return *_product_vjp((x, weight), cotangent, _), of_bias


@mx.custom_function
def _product(x: mx.array, weight: mx.array) -> mx.array:
    return x @ weight.T


def _product_vjp(
    primals: tuple[mx.array, mx.array], cotangent: mx.array, _: mx.array
) -> tuple[mx.array, mx.array]:
    x, weight = primals
    rows, outputs = _flat(x, cotangent)
    return cotangent @ weight, outputs.T @ rows


_product.vjp(_product_vjp)


def _flat(x: mx.array, cotangent: mx.array) -> tuple[mx.array, mx.array]:
    """One row a token, whatever axes they are spread over."""
    return x.reshape(-1, x.shape[-1]), cotangent.reshape(-1, cotangent.shape[-1])
