"""One hidden layer of a head."""

from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx
import mlx.nn as nn

ACTIVATIONS: dict[str, Callable[[mx.array], mx.array]] = {
    "gelu": nn.gelu,
    "relu": nn.relu,
    "silu": nn.silu,
    "tanh": mx.tanh,
}


def bert_linear(inputs: int, outputs: int, *, bias: bool = True) -> nn.Linear:
    """A linear map that starts as BERT's do: weights from N(0, 0.02^2), bias 0."""
    layer = nn.Linear(inputs, outputs, bias=bias)
    layer.weight = 0.02 * mx.random.normal((outputs, inputs))
    if bias:
        layer.bias = mx.zeros((outputs,))
    return layer


class HiddenLayer(nn.Module):
    """`dropout(activation(linear(norm(x))))`, with `skip(x)` added where it is residual.

    Args:
        inputs: size of the input vectors.
        outputs: size of the output vectors.
        activation: a name from `ACTIVATIONS`.
        norm: LayerNorm on the input.
        dropout: probability that an output is dropped in training.
        residual: add the input itself where the sizes agree, a linear projection of it without
            bias where they do not.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        activation: str,
        norm: bool,
        dropout: float,
        residual: bool,
    ):
        super().__init__()
        self.norm = nn.LayerNorm(inputs) if norm else None
        self.linear = bert_linear(inputs, outputs)
        self.activation = ACTIVATIONS[activation]
        self.dropout = nn.Dropout(dropout)
        self.residual = residual
        self.projection = (
            bert_linear(inputs, outputs, bias=False) if residual and inputs != outputs else None
        )

    def __call__(self, x: mx.array, *, dropout: bool = True) -> mx.array:
        """Map `[B, inputs]` to `[B, outputs]`; `dropout=False` is deterministic in any mode."""
        y = self.activation(self.linear(x if self.norm is None else self.norm(x)))
        if dropout:
            y = self.dropout(y)
        if not self.residual:
            return y
        return y + (x if self.projection is None else self.projection(x))
