"""`MultiLabelHead`: any number of classes a text, with their loss and diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mlx.core as mx

from bertplay.heads.diagnostics import multi_label_diagnostics
from bertplay.heads.head_loss import head_loss
from bertplay.heads.text_head import TextHead
from bertplay.losses.argument_checks import require


class MultiLabelHead(TextHead):
    """Say yes or no to each class, such as the topics of a text, by an encoder's hidden states.

    A `TextHead` whose outputs are one logit for each class: `p_c = sigmoid(logit_c)`.

    Example:
        >>> import mlx.core as mx
        >>> head = MultiLabelHead(384, 4, loss="bce", loss_kwargs={"pos_weight": [1, 1, 5, 20]})
        >>> states, mask = mx.zeros((8, 32, 384)), mx.ones((8, 32))
        >>> loss = head.compute_loss(head(states, mask), mx.zeros((8, 4)))
        >>> head.predict_proba(states, mask).shape
        (8, 4)

    Args:
        hidden_size: H, the size of a token's state.
        num_classes: C, at least 1.
        loss: a name from `bertplay.losses.MULTI_LABEL_LOSSES`, or a callable
            `loss(logits, targets) -> scalar` (an `nn.Module` becomes part of the head's tree).
        loss_kwargs: what `get_loss` takes besides the name, such as `pos_weight`.
        pooling: as for `TextHead`, like the arguments that follow.
        hidden_dims: sizes of the hidden layers; empty for a linear classifier.
        activation: of the hidden layers.
        norm: LayerNorm on the input of every linear layer.
        dropout: probability after every hidden layer and before the last linear layer.
        dropout_samples: dropout masks of the last linear layer, over which training averages.
        residual: add each hidden layer's input to its output.

    Raises:
        ValueError: an argument is outside its range, or unknown (the nearest name is suggested), or
            a named loss is not for any number of classes a row.
    """

    def __init__(
        self,
        hidden_size: int,
        num_classes: int,
        *,
        loss: str | Callable[..., mx.array] = "bce",
        loss_kwargs: Mapping[str, Any] | None = None,
        pooling: str = "mean",
        hidden_dims: Sequence[int] = (256,),
        activation: str = "gelu",
        norm: bool | str = True,
        dropout: float = 0.1,
        dropout_samples: int = 1,
        residual: bool = False,
    ):
        require(num_classes >= 1, f"num_classes is {num_classes}: it must be at least 1")
        super().__init__(
            hidden_size,
            num_classes,
            loss=head_loss(loss, loss_kwargs, kind="multi_label", num_classes=num_classes),
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
        """Probabilities `[B, C]` float32, `sigmoid(logits)`, without dropout in any mode.

        Args:
            hidden_states: `[B, L, H]`, float32, bfloat16 or float16.
            attention_mask: `[B, L]`, bool or 0/1; None keeps every token.

        Raises:
            ValueError: hidden_states is not `[B, L, H]`, or the mask does not fit it.
        """
        return mx.sigmoid(self._outputs(hidden_states, attention_mask, dropout=False))

    def compute_loss(
        self, logits: mx.array, targets: mx.array, sample_weights: mx.array | None = None
    ) -> mx.array:
        """The head's loss, a float32 scalar.

        Args:
            logits: `[N, C]`.
            targets: `[N, C]`, from 0 to 1: 1 where the class applies, 0 where it does not.
            sample_weights: `[N]`, such as 0 for rows without labels; None weights all rows alike.
                A callable loss must take it under this name.

        Raises:
            ValueError: shapes do not fit, or a callable loss returns no scalar.
        """
        _require_same_shape(logits, targets)
        return super().compute_loss(logits, targets, sample_weights)

    def diagnostics(
        self, logits: mx.array, targets: mx.array, sample_weights: mx.array | None = None
    ) -> dict[str, mx.array]:
        """What the head does with a batch, left on the device; usable inside `mx.compile`.

        The result is `loss` and what `multi_label_diagnostics` returns: `positive_share`,
        `predicted_share`, `precision` and `recall`, `[C]`. No gradient flows back.

        Args:
            logits: `[N, C]`.
            targets: `[N, C]`, from 0 to 1.
            sample_weights: `[N]`; None weights all rows alike.

        Raises:
            ValueError: shapes do not fit, or a callable loss returns no scalar.
        """
        return {
            **super().diagnostics(logits, targets, sample_weights),
            **multi_label_diagnostics(logits, targets, sample_weights),
        }


def _require_same_shape(logits: mx.array, targets: mx.array) -> None:
    require(
        targets.shape == logits.shape,
        f"targets has shape {targets.shape}: expected {logits.shape}, a number from 0 to 1 for "
        "each row and class",
    )
