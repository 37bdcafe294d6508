"""An encoder that computes in bfloat16 while its weights stay float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map

from bertplay.training.step import BatchLoss, Outputs


def in_precision(batch_loss: BatchLoss, encoder: nn.Module, precision: str) -> BatchLoss:
    """The same loss, with the encoder's part computed in another type.

    Weights, gradients and the optimizer's state stay float32: each pass makes copies of the weights
    in the other type, through which gradients come back (Micikevicius et al. 2018, with bfloat16,
    whose range needs no scaling of the loss). The norms' statistics, the head and the loss are
    float32 as always.

    Args:
        batch_loss: what is minimised.
        encoder: whose floating weights are cast.
        precision: "float32", which changes nothing, or "bfloat16".

    Reference:
        Micikevicius et al., Mixed Precision Training, ICLR 2018.
    """
    if precision == "float32":
        return batch_loss
    dtype = {"bfloat16": mx.bfloat16}[precision]

    def outputs(inputs: mx.array, attention_mask: mx.array) -> Outputs:
        with _cast(encoder, dtype):
            return batch_loss.outputs(inputs, attention_mask)

    return replace(batch_loss, outputs=outputs)


@contextmanager
def _cast(module: nn.Module, dtype: mx.Dtype) -> Iterator[None]:
    """In this block the module's floating arrays are copies of another type."""
    weights = module.parameters()

    def cast(array: mx.array) -> mx.array:
        return array.astype(dtype) if mx.issubdtype(array.dtype, mx.floating) else array

    module.update(tree_map(cast, weights))
    try:
        yield
    finally:
        module.update(weights)
