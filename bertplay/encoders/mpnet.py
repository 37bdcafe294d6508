"""MPNet (Song et al. 2020) in MLX: BERT's arithmetic with a bias for relative positions."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from numpy.typing import NDArray

from bertplay.encoders.attention import attend, padding_bias, split_heads
from bertplay.encoders.config import require_gelu, require_sizes
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.encoders.linear import Linear
from bertplay.encoders.post_norm import Intermediate, LayerStack, Pooler, ResidualOutput
from bertplay.encoders.roberta import counted_positions

PADDING_POSITION = 1
"""The position of padding, whatever pad_token_id is."""
_FARTHEST = 128  # tokens this far away and farther share a bucket


@dataclass(frozen=True)
class MPNetConfig:
    """Sizes and rates of an MPNet encoder, by the names of Hugging Face's config.json.

    Raises:
        InputError: the sizes do not fit together.
    """

    model_type: ClassVar[str] = "mpnet"
    architecture: ClassVar[str] = "MPNetModel"
    prefix: ClassVar[str] = "mpnet."

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 514
    relative_attention_num_buckets: int = 32
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    layer_norm_eps: float = 1e-5
    initializer_range: float = 0.02
    pad_token_id: int = 1

    def __post_init__(self) -> None:
        """Refuse sizes that cannot make an encoder."""
        require_sizes(self, "max_position_embeddings", "relative_attention_num_buckets")
        require_gelu("hidden_act", self.hidden_act)

    @property
    def max_length(self) -> int:
        """The most tokens of a text: positions up to that of padding are not a token's."""
        return self.max_position_embeddings - PADDING_POSITION - 1

    def as_dict(self) -> dict[str, Any]:
        """The keys of config.json, so that transformers reads the model too."""
        return {"model_type": self.model_type, "architectures": [self.architecture], **asdict(self)}


class Embeddings(nn.Module):
    """Sum of word and position embeddings, normalised."""

    def __init__(self, config: MPNetConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def __call__(
        self,
        input_ids: mx.array,
        token_type_ids: mx.array | None = None,
        attention_mask: mx.array | None = None,
    ) -> mx.array:
        """`[B, L]` ids to `[B, L, H]` states; there are no token types."""
        positions = counted_positions(
            self.position_embeddings, input_ids.shape[1], attention_mask, PADDING_POSITION
        )
        return self.dropout(self.LayerNorm(self.word_embeddings(input_ids) + positions))


class SelfAttention(nn.Module):
    """Scaled dot-product attention and its output map."""

    def __init__(self, config: MPNetConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.q, self.k = Linear(size, size), Linear(size, size)
        self.v, self.o = Linear(size, size), Linear(size, size)
        self.dropout = Dropout(config.attention_probs_dropout_prob)
        self.num_heads = config.num_attention_heads

    def __call__(self, states: mx.array, bias: mx.array) -> mx.array:
        """`[B, L, H]` states and an additive fp32 bias to `[B, L, H]`."""
        query, key, value = (
            split_heads(part(states), self.num_heads) for part in (self.q, self.k, self.v)
        )
        outputs: mx.array = self.o(attend(query, key, value, bias, self.dropout))
        return outputs


class Attention(nn.Module):
    """Self-attention, residual sum, layer norm."""

    def __init__(self, config: MPNetConfig) -> None:
        super().__init__()
        self.attn = SelfAttention(config)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def __call__(self, states: mx.array, bias: mx.array) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        normalised: mx.array = self.LayerNorm(self.dropout(self.attn(states, bias)) + states)
        return normalised


class Layer(nn.Module):
    """One transformer layer, normalised after each half."""

    def __init__(self, config: MPNetConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Intermediate(config)
        self.output = ResidualOutput(config.intermediate_size, config)

    def __call__(self, states: mx.array, bias: mx.array) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        states = self.attention(states, bias)
        return self.output(self.intermediate(states), states)


class RelativeLayerStack(LayerStack):
    """The layers, and the bias for relative positions that they share."""

    def __init__(self, config: MPNetConfig) -> None:
        super().__init__([Layer(config) for _ in range(config.num_hidden_layers)])
        buckets, heads = config.relative_attention_num_buckets, config.num_attention_heads
        self.relative_attention_bias = nn.Embedding(buckets, heads)


class MPNetEncoder(Encoder):
    """An MPNet encoder.

    Args:
        config: the sizes.
        pooler: whether the checkpoint has a pooler.
    """

    linears: ClassVar[dict[str, str]] = {
        "query": "attention.attn.q",
        "key": "attention.attn.k",
        "value": "attention.attn.v",
        "attention.output.dense": "attention.attn.o",
        "intermediate.dense": "intermediate.dense",
        "output.dense": "output.dense",
    }

    def __init__(self, config: MPNetConfig, *, pooler: bool = False) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.encoder = RelativeLayerStack(config)
        if pooler:
            self.pooler = Pooler(config)

    def parts(self) -> list[list[nn.Module]]:
        """As of every encoder; with the embeddings goes the bias for relative positions."""
        parts = super().parts()
        parts[0].append(self.encoder.relative_attention_bias)
        return parts

    def context(self, attention_mask: mx.array | None, length: int) -> mx.array:
        """The fp32 bias of relative positions and padding, `[1 or B, A, L, L]`."""
        table = self.encoder.relative_attention_bias
        buckets = mx.array(relative_buckets(length, table.weight.shape[0]))
        bias: mx.array = table(buckets).astype(mx.float32).transpose(2, 0, 1)[None]
        padding = padding_bias(attention_mask)
        return bias if padding is None else bias + padding


def relative_buckets(length: int, buckets: int) -> NDArray[np.int32]:
    """`[L, L]` the bucket of key j for query i, as in T5 (Raffel et al. 2020).

    Half of the buckets are for keys behind the query. Of each half, one half is for a distance
    each, and the other is spread over distances up to 128 on a logarithmic scale.
    """
    half = buckets // 2
    exact = half // 2
    offsets = np.arange(length)[None, :] - np.arange(length)[:, None]
    distances = np.abs(offsets)
    # In float32, as in transformers, so that a distance on a border falls on the same side.
    logarithms = np.log(np.maximum(distances, 1).astype(np.float32) / np.float32(exact))
    scaled = logarithms / np.float32(math.log(_FARTHEST / exact)) * np.float32(half - exact)
    far = np.minimum(exact + scaled.astype(np.int32), half - 1)
    placed = (offsets > 0) * half + np.where(distances < exact, distances, far)
    numbers: NDArray[np.int32] = placed.astype(np.int32)
    return numbers
