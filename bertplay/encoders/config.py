"""The shape of an encoder, by the names of Hugging Face's config.json; BERT's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

from bertplay.data.errors import InputError

SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
)
"""What every config.json must say."""


class EncoderConfig(Protocol):
    """What is known of every encoder; a frozen dataclass."""

    model_type: ClassVar[str]
    """Its family, as in config.json."""
    architecture: ClassVar[str]
    """The class of transformers that reads it."""
    prefix: ClassVar[str]
    """What its tensors' names begin with beside a head."""

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens."""

    @property
    def hidden_size(self) -> int:
        """H, the size of a token's state."""

    @property
    def num_hidden_layers(self) -> int:
        """The number of layers."""

    @property
    def num_attention_heads(self) -> int:
        """The number of heads in a layer."""

    @property
    def intermediate_size(self) -> int:
        """The inner size of the feed-forward blocks."""

    @property
    def max_length(self) -> int:
        """The most tokens of a text."""

    @property
    def layer_norm_eps(self) -> float:
        """Added to the variances of layer norms."""

    @property
    def initializer_range(self) -> float:
        """The standard deviation of first weights."""

    @property
    def pad_token_id(self) -> int:
        """The padding token."""

    def as_dict(self) -> dict[str, Any]:
        """The keys of config.json, so that transformers reads the model too."""


@dataclass(frozen=True)
class BertConfig:
    """Sizes and rates of a BERT encoder, by the names of Hugging Face's config.json.

    Raises:
        InputError: the sizes do not fit together.
    """

    model_type: ClassVar[str] = "bert"
    architecture: ClassVar[str] = "BertModel"
    prefix: ClassVar[str] = "bert."

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    layer_norm_eps: float = 1e-12
    initializer_range: float = 0.02
    pad_token_id: int = 0

    def __post_init__(self) -> None:
        """Refuse sizes that cannot make an encoder."""
        require_sizes(self, "max_position_embeddings", "type_vocab_size")
        require_gelu("hidden_act", self.hidden_act)

    @property
    def max_length(self) -> int:
        """The most tokens of a text."""
        return self.max_position_embeddings

    def as_dict(self) -> dict[str, Any]:
        """The keys of config.json, so that transformers reads the model too."""
        return {"model_type": self.model_type, "architectures": [self.architecture], **asdict(self)}


def require_sizes(config: Any, *more: str) -> None:
    """Check that sizes are whole numbers of at least 1, and that heads divide the hidden size.

    Args:
        config: has the attributes `SIZES`.
        more: names of further sizes.

    Raises:
        InputError: names the size.
    """
    for name in (*SIZES, *more):
        value = getattr(config, name)
        if not isinstance(value, int) or value < 1:
            raise InputError(f"{name} is {value!r}: it must be a whole number of at least 1")
    if config.hidden_size % config.num_attention_heads:
        raise InputError(
            f"hidden_size {config.hidden_size} is not a multiple of num_attention_heads "
            f"{config.num_attention_heads}"
        )


def require_gelu(name: str, activation: str) -> None:
    """Check an activation.

    Raises:
        InputError: it is not the exact GELU.
    """
    if activation != "gelu":
        raise InputError(f"{name} is {activation!r}: only 'gelu' is supported")
