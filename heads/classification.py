"""`ClassificationHeadV2`: one class a text, with its loss and its diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mlx.core as mx

from bertplay.heads.diagnostics import classification_diagnostics
from bertplay.heads.head_loss import head_loss
from bertplay.heads.text_head import TextHead
from bertplay.losses.argument_checks import require


class ClassificationHeadV2(TextHead):
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
        loss: a name from `bertplay.losses.LOSSES`, or a callable `loss(logits, targets) -> scalar`
            (an `nn.Module` becomes part of the head's tree).
        loss_kwargs: what `get_loss` takes besides the name, such as `gamma` or `class_counts`.
        pooling: "cls", "mean", "max" or "attention", see `bertplay.heads.pooling`.
        hidden_dims: sizes of the hidden layers; empty for a linear classifier.
        activation: of the hidden layers: "gelu", "relu", "silu" or "tanh".
        norm: LayerNorm on the input of every linear layer, the last one included; "last" for that
            one alone.
        dropout: probability after every hidden layer and before the last linear layer.
        dropout_samples: in training, logits are averaged over so many dropout masks of the last
            linear layer, see `TextHead`; at least 1.
        residual: add each hidden layer's input to its output; where the sizes differ, a linear
            projection of the input without bias.

    Raises:
        ValueError: an argument is outside its range, or unknown (the nearest name is suggested), or
            a named loss is not for one class a row.
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
        norm: bool | str = True,
        dropout: float = 0.1,
        dropout_samples: int = 1,
        residual: bool = False,
    ):
        require(num_classes >= 2, f"num_classes is {num_classes}: it must be at least 2")
        super().__init__(
            hidden_size,
            num_classes,
            loss=head_loss(loss, loss_kwargs, kind="single_label", num_classes=num_classes),
            pooling=pooling,
            hidden_dims=hidden_dims,
            activation=activation,
            norm=norm,
            dropout=dropout,
            dropout_samples=dropout_samples,
            residual=residual,
        )
        self.num_classes = num_classes

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
        return mx.softmax(self._outputs(hidden_states, attention_mask, dropout=False), axis=-1)

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
        return super().compute_loss(logits, labels, sample_weights)

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
        gamma = getattr(self.loss, "gamma", 0.0)
        return {
            **super().diagnostics(logits, labels, sample_weights),
            **classification_diagnostics(logits, labels, gamma, sample_weights),
        }
