"""DeBERTa of the second and third version (He et al. 2021, 2023) in MLX: disentangled attention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NamedTuple

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from numpy.typing import NDArray

from bertplay.data.errors import InputError
from bertplay.encoders.attention import mixed, padding_bias, split_heads
from bertplay.encoders.config import require_gelu, require_sizes
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.encoders.linear import Linear
from bertplay.encoders.post_norm import Intermediate, LayerStack, ResidualOutput

_BOTH = {"c2p", "p2c"}


@dataclass(frozen=True)
class DebertaConfig:
    """Sizes and rates of a DeBERTa encoder, by the names of Hugging Face's config.json.

    Raises:
        InputError: the sizes do not fit together, or it is a variant that is not supported.
    """

    model_type: ClassVar[str] = "deberta-v2"
    architecture: ClassVar[str] = "DebertaV2Model"
    prefix: ClassVar[str] = "deberta."

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 512
    type_vocab_size: int = 0
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    layer_norm_eps: float = 1e-7
    initializer_range: float = 0.02
    pad_token_id: int = 0
    relative_attention: bool = False
    position_buckets: int = -1
    max_relative_positions: int = -1
    norm_rel_ebd: str = "none"
    share_att_key: bool = False
    pos_att_type: str | Sequence[str] = ()
    position_biased_input: bool = True
    conv_kernel_size: int = 0
    embedding_size: int | None = None

    def __post_init__(self) -> None:
        """Refuse sizes that cannot make an encoder."""
        require_sizes(self, "max_position_embeddings")
        require_gelu("hidden_act", self.hidden_act)
        kinds = self.pos_att_type
        kinds = kinds.split("|") if isinstance(kinds, str) else list(kinds)
        object.__setattr__(self, "pos_att_type", tuple(kinds))  # the dataclass is frozen
        # What DeBERTa-v3 and DeBERTa-v2 of up to 24 layers of 1,024 have.
        for name, fits, supported in (
            ("relative_attention", self.relative_attention, "true"),
            ("pos_att_type", set(kinds) == _BOTH, "p2c|c2p"),
            ("share_att_key", self.share_att_key, "true"),
            ("position_biased_input", not self.position_biased_input, "false"),
            ("conv_kernel_size", not self.conv_kernel_size, "0"),
            ("embedding_size", self.embedding_size in (None, self.hidden_size), "hidden_size"),
        ):
            if not fits:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}: only {supported} is supported"
                )

    @property
    def max_length(self) -> int:
        """The most tokens of a text."""
        return self.max_position_embeddings

    @property
    def farthest(self) -> int:
        """The largest distance that has a number of its own."""
        limit = self.max_relative_positions
        return limit if limit >= 1 else self.max_position_embeddings

    @property
    def span(self) -> int:
        """How many relative positions there are to either side."""
        return self.position_buckets if self.position_buckets > 0 else self.farthest

    def as_dict(self) -> dict[str, Any]:
        """The keys of config.json, so that transformers reads the model too."""
        values = asdict(self) | {"pos_att_type": list(self.pos_att_type)}
        del values["embedding_size"]
        return {"model_type": self.model_type, "architectures": [self.architecture], **values}


class Relative(NamedTuple):
    """What every layer reads besides the states.

    Attributes:
        bias: additive `[B, 1, 1, L]`, fp32; None where nothing is hidden.
        embeddings: `[U, H]` of the relative positions that occur.
        places: `[1, 1, L, L]` the row of `embeddings` for query i and key j.
    """

    bias: mx.array | None
    embeddings: mx.array
    places: mx.array


class Embeddings(nn.Module):
    """Word embeddings, and those of token types where there are any, normalised."""

    def __init__(self, config: DebertaConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        if config.type_vocab_size:
            self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def __call__(
        self,
        input_ids: mx.array,
        token_type_ids: mx.array | None = None,
        attention_mask: mx.array | None = None,
    ) -> mx.array:
        """`[B, L]` ids to `[B, L, H]` states."""
        summed = self.word_embeddings(input_ids)
        if "token_type_embeddings" in self:
            types = self.token_type_embeddings
            summed = summed + (types.weight[0] if token_type_ids is None else types(token_type_ids))
        return self.dropout(self.LayerNorm(summed))


class SelfAttention(nn.Module):
    """Attention of content to content, of content to position and of position to content.

    With queries Q and keys K of the tokens, and those of the relative position r(i, j), made by the
    same maps, `score(i, j) = (Q_i K_j + Q_i K_r(i,j) + K_j Q_r(i,j)) / sqrt(3 D)`.
    """

    def __init__(self, config: DebertaConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.query_proj, self.key_proj = Linear(size, size), Linear(size, size)
        self.value_proj = Linear(size, size)
        self.pos_dropout = Dropout(config.hidden_dropout_prob)
        self.dropout = Dropout(config.attention_probs_dropout_prob)
        self.num_heads = config.num_attention_heads

    def __call__(self, states: mx.array, relative: Relative) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        query, key, value = (
            split_heads(part(states), self.num_heads)
            for part in (self.query_proj, self.key_proj, self.value_proj)
        )
        positions = self.pos_dropout(relative.embeddings)
        scale = 1 / math.sqrt(3 * query.shape[-1])
        query = query * scale
        position_query = split_heads(self.query_proj(positions), self.num_heads) * scale
        position_key = split_heads(self.key_proj(positions), self.num_heads)

        batch, heads, length, _ = query.shape
        # Without the stop, gradients of a layer that is computed again would ask for theirs.
        places = mx.broadcast_to(mx.stop_gradient(relative.places), (batch, heads, length, length))
        to_position = query @ position_key.swapaxes(-1, -2)
        to_content = key @ position_query.swapaxes(-1, -2)
        scores = (
            query @ key.swapaxes(-1, -2)
            + mx.take_along_axis(to_position, places, axis=-1)
            + mx.take_along_axis(to_content, places.swapaxes(-1, -2), axis=-1).swapaxes(-1, -2)
        )
        if relative.bias is not None:
            scores = scores.astype(mx.float32) + relative.bias
        return mixed(scores, value, self.dropout)


class Attention(nn.Module):
    """Self-attention and its output map."""

    def __init__(self, config: DebertaConfig) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = ResidualOutput(config.hidden_size, config)

    def __call__(self, states: mx.array, relative: Relative) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        return self.output(self.self(states, relative), states)


class Layer(nn.Module):
    """One transformer layer, normalised after each half."""

    def __init__(self, config: DebertaConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Intermediate(config)
        self.output = ResidualOutput(config.intermediate_size, config)

    def __call__(self, states: mx.array, relative: Relative) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        states = self.attention(states, relative)
        return self.output(self.intermediate(states), states)


class RelativeLayerStack(LayerStack):
    """The layers, and the embeddings of relative positions that they share."""

    def __init__(self, config: DebertaConfig) -> None:
        super().__init__([Layer(config) for _ in range(config.num_hidden_layers)])
        self.rel_embeddings = nn.Embedding(2 * config.span, config.hidden_size)
        if "layer_norm" in config.norm_rel_ebd:
            self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)


class DebertaEncoder(Encoder):
    """A DeBERTa-v2 or DeBERTa-v3 encoder.

    Args:
        config: the sizes.
    """

    config: DebertaConfig
    linears: ClassVar[dict[str, str]] = {
        "query": "attention.self.query_proj",
        "key": "attention.self.key_proj",
        "value": "attention.self.value_proj",
        "attention.output.dense": "attention.output.dense",
        "intermediate.dense": "intermediate.dense",
        "output.dense": "output.dense",
    }

    def __init__(self, config: DebertaConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.encoder = RelativeLayerStack(config)

    def parts(self) -> list[list[nn.Module]]:
        """As of every encoder; with the embeddings go those of relative positions."""
        parts = super().parts()
        shared = ("rel_embeddings", "LayerNorm")
        parts[0].extend(self.encoder[name] for name in shared if name in self.encoder)
        return parts

    def context(self, attention_mask: mx.array | None, length: int) -> Relative:
        """What every layer reads besides the states."""
        config = self.config
        numbers = relative_positions(length, config.span, config.position_buckets, config.farthest)
        # Only those that occur: of 512, texts of 32 tokens have 63.
        used, places = np.unique(numbers, return_inverse=True)
        rows = self.encoder.rel_embeddings.weight[mx.array(used)]
        if "LayerNorm" in self.encoder:
            rows = self.encoder.LayerNorm(rows)
        places = places.reshape(1, 1, length, length).astype(np.int32)
        return Relative(padding_bias(attention_mask), rows, mx.array(places))


def relative_positions(length: int, span: int, buckets: int, farthest: int) -> NDArray[np.int32]:
    """`[L, L]` the number of the relative position of query i and key j, in [0, 2 span).

    Args:
        length: L.
        span: how many there are to either side.
        buckets: of these, half are for a distance each, and the other half are spread over
            distances up to `farthest` on a logarithmic scale; below 1, each distance has its own.
        farthest: see `buckets`.
    """
    offsets = np.arange(length)[:, None] - np.arange(length)[None, :]
    if buckets > 0:
        half = buckets // 2
        distances = np.maximum(np.abs(offsets), half - 1)
        # In float32, as in transformers, so that a distance on a border falls on the same side.
        logarithms = np.log(distances.astype(np.float32) / np.float32(half))
        largest = np.log(np.float32((farthest - 1) / half))
        far = np.ceil(logarithms / largest * np.float32(half - 1)) + half
        offsets = np.where(distances <= half, offsets, far * np.sign(offsets))
    numbers: NDArray[np.int32] = np.clip(offsets + span, 0, 2 * span - 1).astype(np.int32)
    return numbers
