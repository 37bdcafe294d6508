"""`RegressionHead`: numbers for a text, with their loss and diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mlx.core as mx

from bertplay.heads.diagnostics import regression_diagnostics
from bertplay.heads.head_loss import head_loss
from bertplay.heads.text_head import TextHead
from bertplay.losses.argument_checks import require


class RegressionHead(TextHead):
    """Predict numbers, such as valence, arousal and dominance, from an encoder's hidden states.

    A `TextHead` whose outputs are the predictions, in the targets' unit. They start near 0: targets
    of mean 0 and variance 1 are learned soonest.

    Example:
        >>> import mlx.core as mx
        >>> head = RegressionHead(384, 3, loss="huber", loss_kwargs={"delta": 0.5})
        >>> outputs = head(mx.zeros((8, 32, 384)), mx.ones((8, 32)))
        >>> outputs.shape
        (8, 3)
        >>> loss = head.compute_loss(outputs, mx.zeros((8, 3)))

    Args:
        hidden_size: H, the size of a token's state.
        num_outputs: D, at least 1.
        loss: a name from `bertplay.losses.REGRESSION_LOSSES`, or a callable
            `loss(outputs, targets) -> scalar` (an `nn.Module` becomes part of the head's tree).
        loss_kwargs: what `get_loss` takes besides the name, such as `delta`.
        pooling: as for `TextHead`, like the arguments that follow.
        hidden_dims: sizes of the hidden layers; empty for a linear head.
        activation: of the hidden layers.
        norm: LayerNorm on the input of every linear layer.
        dropout: probability after every hidden layer and before the last linear layer.
        dropout_samples: dropout masks of the last linear layer, over which training averages.
        residual: add each hidden layer's input to its output.

    Raises:
        ValueError: an argument is outside its range, or unknown (the nearest name is suggested), or
            a named loss is not for regression.
    """

    def __init__(
        self,
        hidden_size: int,
        num_outputs: int = 1,
        *,
        loss: str | Callable[..., mx.array] = "mse",
        loss_kwargs: Mapping[str, Any] | None = None,
        pooling: str = "mean",
        hidden_dims: Sequence[int] = (256,),
        activation: str = "gelu",
        norm: bool | str = True,
        dropout: float = 0.1,
        dropout_samples: int = 1,
        residual: bool = False,
    ):
        super().__init__(
            hidden_size,
            num_outputs,
            loss=head_loss(loss, loss_kwargs, kind="regression"),
            pooling=pooling,
            hidden_dims=hidden_dims,
            activation=activation,
            norm=norm,
            dropout=dropout,
            dropout_samples=dropout_samples,
            residual=residual,
        )
        self.num_outputs = num_outputs

    def compute_loss(
        self, outputs: mx.array, targets: mx.array, sample_weights: mx.array | None = None
    ) -> mx.array:
        """The head's loss, a float32 scalar.

        Args:
            outputs: `[N, D]`.
            targets: `[N, D]`; with one output `[N]` as well.
            sample_weights: `[N]`, such as 0 for rows without a target; None weights all rows
                alike. A callable loss must take it under this name.

        Raises:
            ValueError: shapes do not fit, or a callable loss returns no scalar.
        """
        return super().compute_loss(outputs, _columns(targets, outputs), sample_weights)

    def diagnostics(
        self, outputs: mx.array, targets: mx.array, sample_weights: mx.array | None = None
    ) -> dict[str, mx.array]:
        """What the head does with a batch, left on the device; usable inside `mx.compile`.

        The result is `loss` and what `regression_diagnostics` returns: `mean_absolute_error` and
        `mean_error`, `[D]`. No gradient flows back.

        Args:
            outputs: `[N, D]`.
            targets: `[N, D]`; with one output `[N]` as well.
            sample_weights: `[N]`; None weights all rows alike.

        Raises:
            ValueError: shapes do not fit, or a callable loss returns no scalar.
        """
        outputs, targets = mx.stop_gradient(outputs), _columns(targets, outputs)
        return {
            **super().diagnostics(outputs, targets, sample_weights),
            **regression_diagnostics(outputs, targets, sample_weights),
        }


def _columns(targets: mx.array, outputs: mx.array) -> mx.array:
    if targets.ndim == 1 and outputs.shape[1:] == (1,):
        targets = targets[:, None]
    require(
        targets.shape == outputs.shape,
        f"targets has shape {targets.shape}: expected {outputs.shape}, one number for each output",
    )
    return targets
