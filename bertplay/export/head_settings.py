"""What a trained head computes, read off the head itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bertplay.data.errors import InputError
from bertplay.encoders.config import EncoderConfig
from bertplay.heads.hidden_layer import ACTIVATIONS
from bertplay.heads.pooling import AttentionPooling, cls_pool, max_pool, mean_pool
from bertplay.heads.text_head import TextHead
from bertplay.transformers_head import HEADS, transformers_head_options


@dataclass(frozen=True)
class HeadSettings:
    """The settings of a `ClassificationHeadV2` that count once it is trained.

    Attributes:
        hidden_size: H, of a token's state.
        num_classes: C.
        pooling: "cls", "mean", "max" or "attention".
        hidden_dims: sizes of the hidden layers.
        activation: of the hidden layers; "none" without any.
        norm: LayerNorm on the input of every linear layer; "last" for the last one alone.
        norm_eps: what it adds to the variance.
        residual: each hidden layer's input is added to its output.
    """

    hidden_size: int
    num_classes: int
    pooling: str
    hidden_dims: tuple[int, ...]
    activation: str
    norm: bool | str
    norm_eps: float
    residual: bool

    def is_transformers_head(self, config: EncoderConfig) -> bool:
        """Whether transformers' `*ForSequenceClassification` of an encoder computes the same."""
        head, own = HEADS[config.model_type], self.as_dict()
        # What config.json can say, it says as this head has it.
        said = {
            key: value
            for key, value in (
                (head.pooling_key, self.pooling),
                (head.activation_key, self.activation),
            )
            if key is not None
        }
        try:
            wanted = transformers_head_options(
                self.hidden_size, config.model_type, {**config.as_dict(), **said}
            )
        except InputError:
            return False
        return not self.residual and all(own[n] == v for n, v in wanted.items())

    def as_dict(self) -> dict[str, Any]:
        """The settings as values that JSON can hold."""
        return {**asdict(self), "hidden_dims": list(self.hidden_dims)}


def head_settings(head: TextHead) -> HeadSettings:
    """The settings of a head.

    Args:
        head: of any weights.
    """
    activations = {function: name for name, function in ACTIVATIONS.items()}
    poolings = {cls_pool: "cls", mean_pool: "mean", max_pool: "max"}
    attention = isinstance(head.pool, AttentionPooling)
    return HeadSettings(
        hidden_size=head.hidden_size,
        num_classes=head.output.weight.shape[0],
        pooling="attention" if attention else poolings[head.pool],
        hidden_dims=tuple(layer.linear.weight.shape[0] for layer in head.hidden),
        activation=activations[head.hidden[0].activation] if head.hidden else "none",
        norm=_norm(head),
        norm_eps=head.norm.eps if head.norm is not None else 0.0,
        residual=any(layer.residual for layer in head.hidden),
    )


def _norm(head: TextHead) -> bool | str:
    if head.norm is None:
        return False
    return "last" if head.hidden and head.hidden[0].norm is None else True
