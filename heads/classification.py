"""`ClassificationHeadV2`: pooling, hidden layers, logits; with its loss and its diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from bertplay.heads.diagnostics import classification_diagnostics
from bertplay.heads.hidden_layer import ACTIVATIONS, HiddenLayer, bert_linear
from bertplay.heads.pooling import AttentionPooling, cls_pool, max_pool, mean_pool
from bertplay.losses import get_loss

POOLINGS = ("cls", "mean", "max", "attention")


class ClassificationHeadV2(nn.Module):
    """Classify texts by the hidden states of any encoder in MLX.

    The states are pooled to one vector, which passes the hidden layers (each
    `dropout(activation(linear(norm(x))))`), and then `linear(dropout(norm(x)))` gives the logits,
    always in float32. Linear maps start as in BERT (Devlin et al. 2019): weights from N(0, 0.02^2),
    biases 0; seed them with `mx.random.seed`. Dropout follows `train()` and `eval()`.

    Example:
        >>> import mlx.core as mx
        >>> head = ClassificationHeadV2(384, 6, pooling="mean", loss="focal")
        >>> states, mask = mx.zeros((8, 32, 384)), mx.ones((8, 32))
        >>> logits = head(states, mask)
        >>> logits.shape
        (8, 6)
        >>> loss = head.compute_loss(logits, mx.zeros((8,), dtype=mx.int32))

    Args:
        hidden_size: H, the size of a token's state.
        num_classes: C, at least 2.
        loss: a name for `bertplay.losses.get_loss`, or a callable `loss(logits, targets) -> scalar`
            (an `nn.Module` becomes part of the head's tree).
        loss_kwargs: what `get_loss` takes besides the name, such as `gamma` or `class_counts`.
        pooling: "cls", "mean", "max" or "attention", see `bertplay.heads.pooling`.
        hidden_dims: sizes of the hidden layers; empty for a linear classifier.
        activation: of the hidden layers: "gelu", "relu", "silu" or "tanh".
        norm: LayerNorm on the input of every linear layer, the last one included.
        dropout: probability after every hidden layer and before the last linear layer.
        residual: add each hidden layer's input to its output; where the sizes differ, a linear
            projection of the input without bias.

    Raises:
        ValueError: an argument is outside its range, or unknown (the nearest name is suggested).
    """

    def __init__(
        self,
        hidden_size: int,
        num_classes: int,
        *,
        loss: str | Callable[..., mx.array] = "focal_smooth",
        loss_kwargs: Mapping[str, Any] | None = None,
        pooling: str = "cls",
        hidden_dims: Sequence[int] = (),
        activation: str = "gelu",
        norm: bool = True,
        dropout: float = 0.1,
        residual: bool = False,
    ):
        super().__init__()
        sizes = [hidden_size, *hidden_dims]
        _require(hidden_size >= 1, f"hidden_size is {hidden_size}: it must be at least 1")
        _require(num_classes >= 2, f"num_classes is {num_classes}: it must be at least 2")
        _require(min(sizes) >= 1, f"hidden_dims is {hidden_dims}: sizes must be at least 1")
        _require(0 <= dropout < 1, f"dropout is {dropout}: it must be at least 0 and below 1")
        _require_choice("pooling", pooling, POOLINGS)
        _require_choice("activation", activation, tuple(ACTIVATIONS))
        self.hidden_size = hidden_size
        self.num_classes = num_classes
        self.pool = _pooling(pooling, hidden_size)
        self.hidden = [
            HiddenLayer(
                inputs,
                outputs,
                activation=activation,
                norm=norm,
                dropout=dropout,
                residual=residual,
            )
            for inputs, outputs in pairwise(sizes)
        ]
        self.norm = nn.LayerNorm(sizes[-1]) if norm else None
        self.dropout = nn.Dropout(dropout)
        self.output = bert_linear(sizes[-1], num_classes)
        self.loss = _loss(loss, loss_kwargs, num_classes)

    def __call__(self, hidden_states: mx.array, attention_mask: mx.array | None = None) -> mx.array:
        """Logits `[B, C]` float32 of hidden states `[B, L, H]`.

        Args:
            hidden_states: `[B, L, H]`, float32, bfloat16 or float16.
            attention_mask: `[B, L]`, bool or 0/1; None keeps every token.

        Raises:
            ValueError: hidden_states is not `[B, L, H]`, or the mask does not fit it.
        """
        return self._logits(hidden_states, attention_mask, dropout=True)

    def predict_proba(
        self, hidden_states: mx.array, attention_mask: mx.array | None = None
    ) -> mx.array:
        """Probabilities `[B, C]` float32, `softmax(logits)`, without dropout in any mode.

        Args:
            hidden_states: `[B, L, H]`, float32, bfloat16 or float16.
            attention_mask: `[B, L]`, bool or 0/1; None keeps every token.

        Raises:
            ValueError: hidden_states is not `[B, L, H]`, or the mask does not fit it.
        """
        return mx.softmax(self._logits(hidden_states, attention_mask, dropout=False), axis=-1)

    def compute_loss(
        self, logits: mx.array, labels: mx.array, sample_weights: mx.array | None = None
    ) -> mx.array:
        """The head's loss, a float32 scalar.

        Args:
            logits: `[N, C]`.
            labels: `[N]` integers, or `[N, C]` probabilities.
            sample_weights: `[N]`, such as 0 for rows that only fill a batch up; None weights all
                rows alike. A callable loss must take it under this name.

        Raises:
            ValueError: shapes do not fit, or a callable loss returns no scalar.
        """
        options = {} if sample_weights is None else {"sample_weights": sample_weights}
        loss = self.loss(logits, labels, **options)
        _require(
            loss.ndim == 0,
            f"loss must return a scalar, not shape {loss.shape}: reduce it to a mean",
        )
        return loss

    def diagnostics(
        self, logits: mx.array, labels: mx.array, sample_weights: mx.array | None = None
    ) -> dict[str, mx.array]:
        """What the head does with a batch, left on the device; usable inside `mx.compile`.

        The result is `loss` and what `classification_diagnostics` returns. No gradient flows back.

        Args:
            logits: `[N, C]`.
            labels: `[N]` integers, or `[N, C]` probabilities.
            sample_weights: `[N]`; None weights all rows alike.

        Raises:
            ValueError: shapes do not fit, or a callable loss returns no scalar.
        """
        logits = mx.stop_gradient(logits)
        loss = mx.stop_gradient(self.compute_loss(logits, labels, sample_weights))
        gamma = getattr(self.loss, "gamma", 0.0)
        return {"loss": loss, **classification_diagnostics(logits, labels, gamma, sample_weights)}

    def update_loss(self, **options: Any) -> None:
        """Change numeric options of the loss, such as `gamma`, without a new trace of a step.

        Raises:
            ValueError: the loss has no such option, or the value is outside its range.
        """
        # nn.Module has an update() of its own, which replaces parameters and takes no options.
        update: Any = getattr(type(self.loss), "update", nn.Module.update)
        _require(
            update is not nn.Module.update,
            f"loss is {self.loss!r}, whose options cannot be updated: use one of bertplay.losses",
        )
        update(self.loss, **options)

    def _logits(
        self, hidden_states: mx.array, attention_mask: mx.array | None, *, dropout: bool
    ) -> mx.array:
        _require(
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
            x = self.dropout(x)
        logits: mx.array = self.output(x)
        return logits.astype(mx.float32)


def _pooling(name: str, hidden_size: int) -> Callable[..., mx.array]:
    if name == "attention":
        return AttentionPooling(hidden_size)
    return {"cls": cls_pool, "mean": mean_pool, "max": max_pool}[name]


def _loss(
    loss: str | Callable[..., mx.array], options: Mapping[str, Any] | None, num_classes: int
) -> Callable[..., mx.array]:
    if isinstance(loss, str):
        return get_loss(loss, num_classes=num_classes, **(options or {}))
    _require(
        callable(loss), f"loss is {loss!r}: expected a name or a callable loss(logits, targets)"
    )
    _require(
        not options, "loss_kwargs goes with the name of a loss: give a callable its own options"
    )
    return loss


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    near = get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    _require(value in choices, f"{name} is {value!r}: choose one of {', '.join(choices)}{hint}")
