"""`TextHead`: pooling, hidden layers, outputs; with a loss. What all heads of texts share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from bertplay.heads.hidden_layer import ACTIVATIONS, HiddenLayer, bert_linear
from bertplay.heads.pooling import AttentionPooling, cls_pool, max_pool, mean_pool
from bertplay.losses.argument_checks import require

POOLINGS = ("cls", "mean", "max", "attention")


class TextHead(nn.Module):
    """From the hidden states of any encoder in MLX to D numbers a text, and their loss.

    The states are pooled to one vector, which passes the hidden layers (each
    `dropout(activation(linear(norm(x))))`), and then `linear(dropout(norm(x)))` gives the outputs,
    always in float32. Linear maps start as in BERT (Devlin et al. 2019): weights from N(0, 0.02^2),
    biases 0; seed them with `mx.random.seed`. Dropout follows `train()` and `eval()`.

    With K = dropout_samples above 1, training averages the outputs under K dropout masks of the
    last linear layer: the noise's variance falls by K, at hardly any cost. The paper averages the
    K losses; here it is the outputs, so that losses of a whole batch and diagnostics see one
    output a text. As the layer is linear, averaging the masks gives just that.

    Args:
        hidden_size: H, the size of a token's state.
        num_outputs: D, at least 1.
        loss: a callable `loss(outputs, targets) -> scalar` (an `nn.Module` becomes part of the
            head's tree).
        pooling: "cls", "mean", "max" or "attention", see `bertplay.heads.pooling`.
        hidden_dims: sizes of the hidden layers; empty for a linear head.
        activation: of the hidden layers: "gelu", "relu", "silu" or "tanh".
        norm: LayerNorm on the input of every linear layer, the last one included; "last" for that
            one alone.
        dropout: probability after every hidden layer and before the last linear layer.
        dropout_samples: K, at least 1.
        residual: add each hidden layer's input to its output; where the sizes differ, a linear
            projection of the input without bias.

    Raises:
        ValueError: an argument is outside its range, or unknown (the nearest name is suggested).

    Reference:
        Inoue, Multi-Sample Dropout for Accelerated Training and Better Generalization, 2019.
    """

    def __init__(
        self,
        hidden_size: int,
        num_outputs: int,
        *,
        loss: Callable[..., mx.array],
        pooling: str = "mean",
        hidden_dims: Sequence[int] = (),
        activation: str = "gelu",
        norm: bool | str = True,
        dropout: float = 0.1,
        dropout_samples: int = 1,
        residual: bool = False,
    ):
        super().__init__()
        sizes = [hidden_size, *hidden_dims]
        require(hidden_size >= 1, f"hidden_size is {hidden_size}: it must be at least 1")
        require(num_outputs >= 1, f"num_outputs is {num_outputs}: it must be at least 1")
        require(min(sizes) >= 1, f"hidden_dims is {hidden_dims}: sizes must be at least 1")
        require(0 <= dropout < 1, f"dropout is {dropout}: it must be at least 0 and below 1")
        require(
            isinstance(dropout_samples, int) and dropout_samples >= 1,
            f"dropout_samples is {dropout_samples}: it must be a whole number of at least 1",
        )
        require(
            norm in (True, False, "last"),
            f"norm is {norm!r}: choose True, False or 'last'",
        )
        _require_choice("pooling", pooling, POOLINGS)
        _require_choice("activation", activation, tuple(ACTIVATIONS))
        self.hidden_size = hidden_size
        self.dropout_samples = dropout_samples
        self.pool = _pooling(pooling, hidden_size)
        self.hidden = [
            HiddenLayer(
                inputs,
                outputs,
                activation=activation,
                norm=norm is True,
                dropout=dropout,
                residual=residual,
            )
            for inputs, outputs in pairwise(sizes)
        ]
        self.norm = nn.LayerNorm(sizes[-1]) if norm else None
        self.dropout = nn.Dropout(dropout)
        self.output = bert_linear(sizes[-1], num_outputs)
        self.loss = loss

    def __call__(self, hidden_states: mx.array, attention_mask: mx.array | None = None) -> mx.array:
        """Outputs `[B, D]` float32 of hidden states `[B, L, H]`.

        Args:
            hidden_states: `[B, L, H]`, float32, bfloat16 or float16.
            attention_mask: `[B, L]`, bool or 0/1; None keeps every token.

        Raises:
            ValueError: hidden_states is not `[B, L, H]`, or the mask does not fit it.
        """
        return self._outputs(hidden_states, attention_mask, dropout=True)

    def compute_loss(
        self, outputs: mx.array, targets: mx.array, sample_weights: mx.array | None = None
    ) -> mx.array:
        """The head's loss, a float32 scalar.

        Args:
            outputs: `[N, D]`.
            targets: as the loss takes them.
            sample_weights: `[N]`, such as 0 for rows that only fill a batch up; None weights all
                rows alike. A callable loss must take it under this name.

        Raises:
            ValueError: shapes do not fit, or a callable loss returns no scalar.
        """
        options = {} if sample_weights is None else {"sample_weights": sample_weights}
        loss = self.loss(outputs, targets, **options)
        require(
            loss.ndim == 0,
            f"loss must return a scalar, not shape {loss.shape}: reduce it to a mean",
        )
        return loss

    def diagnostics(
        self, outputs: mx.array, targets: mx.array, sample_weights: mx.array | None = None
    ) -> dict[str, mx.array]:
        """`loss`, left on the device and without a gradient; usable inside `mx.compile`.

        Args:
            outputs: `[N, D]`.
            targets: as the loss takes them.
            sample_weights: `[N]`; None weights all rows alike.

        Raises:
            ValueError: shapes do not fit, or a callable loss returns no scalar.
        """
        return {"loss": mx.stop_gradient(self.compute_loss(outputs, targets, sample_weights))}

    def update_loss(self, **options: Any) -> None:
        """Change numeric options of the loss, such as `gamma`, without a new trace of a step.

        Raises:
            ValueError: the loss has no such option, or the value is outside its range.
        """
        # nn.Module has an update() of its own, which replaces parameters and takes no options.
        update: Any = getattr(type(self.loss), "update", nn.Module.update)
        require(
            update is not nn.Module.update,
            f"loss is {self.loss!r}, whose options cannot be updated: use one of bertplay.losses",
        )
        update(self.loss, **options)

    def _outputs(
        self, hidden_states: mx.array, attention_mask: mx.array | None, *, dropout: bool
    ) -> mx.array:
        require(
            hidden_states.ndim == 3 and hidden_states.shape[-1] == self.hidden_size,
            f"hidden_states has shape {hidden_states.shape}: expected [B, L, H] with hidden_size "
            f"H = {self.hidden_size}",
        )
        x = self.pool(hidden_states, attention_mask)
        for layer in self.hidden:
            x = layer(x, dropout=dropout)
        if self.norm is not None:
            x = self.norm(x)
        if dropout:
            x = self._dropped(x)
        outputs: mx.array = self.output(x)
        return outputs.astype(mx.float32)

    def _dropped(self, x: mx.array) -> mx.array:
        samples = self.dropout_samples
        if samples == 1 or not self.training:
            dropped: mx.array = self.dropout(x)
            return dropped
        masks = self.dropout(mx.ones((samples, *x.shape)))
        # A sum of ones divided by their number is 1 exactly, so that no dropout changes nothing.
        return x * (mx.sum(masks, axis=0) / samples)


def _pooling(name: str, hidden_size: int) -> Callable[..., mx.array]:
    if name == "attention":
        return AttentionPooling(hidden_size)
    return {"cls": cls_pool, "mean": mean_pool, "max": max_pool}[name]


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    near = get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    require(value in choices, f"{name} is {value!r}: choose one of {', '.join(choices)}{hint}")
