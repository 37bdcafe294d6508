"""ModernBERT (Warner et al. 2024) in MLX.

Pre-norm without biases, rotary positions (Su et al. 2021), gated feed-forward blocks, and attention
to all tokens in some layers, to those nearby in the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, NamedTuple

import mlx.core as mx
import mlx.nn as nn

from bertplay.data.errors import InputError
from bertplay.encoders.attention import attend, attention_bias, padding_bias, split_heads
from bertplay.encoders.config import require_gelu, require_sizes
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.gelu import gelu
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.encoders.linear import Linear

GLOBAL, LOCAL = "full_attention", "sliding_attention"
_THETAS = {GLOBAL: 160_000.0, LOCAL: 10_000.0}


@dataclass(frozen=True)
class ModernBertConfig:
    """Sizes and rates of a ModernBERT encoder, by the names of Hugging Face's config.json.

    Older files say `global_attn_every_n_layers`, `global_rope_theta` and `local_rope_theta`, newer
    ones `layer_types` and `rope_parameters`.

    Raises:
        InputError: the sizes do not fit together.
    """

    model_type: ClassVar[str] = "modernbert"
    architecture: ClassVar[str] = "ModernBertModel"
    prefix: ClassVar[str] = "model."

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 8192
    hidden_activation: str = "gelu"
    norm_eps: float = 1e-5
    norm_bias: bool = False
    attention_bias: bool = False
    mlp_bias: bool = False
    embedding_dropout: float = 0.0
    attention_dropout: float = 0.0
    mlp_dropout: float = 0.0
    local_attention: int = 128
    global_attn_every_n_layers: int = 3
    layer_types: tuple[str, ...] = ()
    global_rope_theta: float = _THETAS[GLOBAL]
    local_rope_theta: float = _THETAS[LOCAL]
    rope_parameters: Mapping[str, Any] = field(default_factory=dict)
    initializer_range: float = 0.02
    pad_token_id: int = 50283

    def __post_init__(self) -> None:
        """Refuse sizes that cannot make an encoder."""
        require_sizes(self, "max_position_embeddings", "local_attention")
        require_gelu("hidden_activation", self.hidden_activation)
        types = tuple(self.layer_types) or tuple(
            LOCAL if layer % self.global_attn_every_n_layers else GLOBAL
            for layer in range(self.num_hidden_layers)
        )
        object.__setattr__(self, "layer_types", types)  # the dataclass is frozen
        if set(types) - {GLOBAL, LOCAL}:
            raise InputError(f"layer_types is {types}: only {GLOBAL} and {LOCAL} are supported")
        for name in (GLOBAL, LOCAL):
            kind = self._rope(name).get("rope_type", "default")
            if kind != "default":
                raise InputError(f"rope_type is {kind!r}: only 'default' is supported")

    @property
    def max_length(self) -> int:
        """The most tokens of a text."""
        return self.max_position_embeddings

    @property
    def layer_norm_eps(self) -> float:
        """Added to the variances of layer norms."""
        return self.norm_eps

    def theta(self, kind: str) -> float:
        """The base of the rotary frequencies of a kind of layers."""
        named = {GLOBAL: self.global_rope_theta, LOCAL: self.local_rope_theta}
        return float(self._rope(kind).get("rope_theta", named[kind]))

    def _rope(self, kind: str) -> Mapping[str, Any]:
        return self.rope_parameters.get(kind) or {}

    def as_dict(self) -> dict[str, Any]:
        """The keys of config.json, so that transformers reads the model too."""
        values = asdict(self) | {
            "layer_types": list(self.layer_types[: self.num_hidden_layers]),
            "rope_parameters": {
                kind: {"rope_type": "default", "rope_theta": self.theta(kind)}
                for kind in (GLOBAL, LOCAL)
            },
        }
        for name in ("global_attn_every_n_layers", "global_rope_theta", "local_rope_theta"):
            del values[name]
        return {"model_type": self.model_type, "architectures": [self.architecture], **values}


class Kind(NamedTuple):
    """What the layers of a kind read besides the states.

    Attributes:
        bias: additive, fp32, to be broadcast to `[B, A, L, L]`; None where nothing is hidden.
        cosines: `[L, D]` of the rotary angles.
        sines: `[L, D]` of the rotary angles.
    """

    bias: mx.array | None
    cosines: mx.array
    sines: mx.array


def rotary_angles(length: int, size: int, theta: float) -> tuple[mx.array, mx.array]:
    """Cosines and sines `[L, D]` of position times frequency, fp32, for heads of size D.

    Args:
        length: L.
        size: D; both halves have the frequencies `theta^(-2k / D)`.
        theta: the base.
    """
    frequencies = theta ** (-mx.arange(0, size, 2, dtype=mx.float32) / size)
    half = mx.arange(length, dtype=mx.float32)[:, None] * frequencies
    angles = mx.concatenate([half, half], axis=-1)
    return mx.cos(angles), mx.sin(angles)


def rotated(states: mx.array, cosines: mx.array, sines: mx.array) -> mx.array:
    """Queries or keys `[..., L, D]` turned by their positions (Su et al. 2021)."""
    first, second = mx.split(states.astype(mx.float32), 2, axis=-1)
    turned = mx.concatenate([-second, first], axis=-1)
    return (states * cosines + turned * sines).astype(states.dtype)


class Embeddings(nn.Module):
    """Word embeddings, normalised; positions are in the attention."""

    def __init__(self, config: ModernBertConfig) -> None:
        super().__init__()
        self.tok_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.norm = LayerNorm(config.hidden_size, eps=config.norm_eps, bias=config.norm_bias)
        self.drop = Dropout(config.embedding_dropout)

    def __call__(
        self,
        input_ids: mx.array,
        token_type_ids: mx.array | None = None,
        attention_mask: mx.array | None = None,
    ) -> mx.array:
        """`[B, L]` ids to `[B, L, H]` states; there are no token types."""
        return self.drop(self.norm(self.tok_embeddings(input_ids)))


class Attention(nn.Module):
    """Attention whose queries and keys are turned by their positions."""

    def __init__(self, config: ModernBertConfig) -> None:
        super().__init__()
        size, bias = config.hidden_size, config.attention_bias
        self.Wqkv = Linear(size, 3 * size, bias=bias)
        self.Wo = Linear(size, size, bias=bias)
        self.dropout = Dropout(config.attention_dropout)
        self.out_drop = Dropout(config.attention_dropout)
        self.num_heads = config.num_attention_heads

    def __call__(self, states: mx.array, kind: Kind) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        query, key, value = (
            split_heads(part, self.num_heads) for part in mx.split(self.Wqkv(states), 3, axis=-1)
        )
        query, key = (rotated(part, kind.cosines, kind.sines) for part in (query, key))
        return self.out_drop(self.Wo(attend(query, key, value, kind.bias, self.dropout)))


class FeedForward(nn.Module):
    """`Wo(gelu(a) * b)`, a and b being the halves of `Wi(x)` (Shazeer 2020)."""

    def __init__(self, config: ModernBertConfig) -> None:
        super().__init__()
        self.Wi = Linear(config.hidden_size, 2 * config.intermediate_size, bias=config.mlp_bias)
        self.Wo = Linear(config.intermediate_size, config.hidden_size, bias=config.mlp_bias)
        self.drop = Dropout(config.mlp_dropout)

    def __call__(self, states: mx.array) -> mx.array:
        """`[B, L, H]` to `[B, L, H]`."""
        inner, gate = mx.split(self.Wi(states), 2, axis=-1)
        outputs: mx.array = self.Wo(self.drop(gelu(inner) * gate))
        return outputs


class Layer(nn.Module):
    """One transformer layer, normalised before each half.

    Args:
        config: the sizes.
        number: of the layer; the first one has no norm before its attention.
    """

    def __init__(self, config: ModernBertConfig, number: int) -> None:
        super().__init__()
        self.attn_norm = (
            LayerNorm(config.hidden_size, eps=config.norm_eps, bias=config.norm_bias)
            if number
            else nn.Identity()
        )
        self.attn = Attention(config)
        self.mlp_norm = LayerNorm(config.hidden_size, eps=config.norm_eps, bias=config.norm_bias)
        self.mlp = FeedForward(config)
        self.kind = config.layer_types[number]

    def __call__(self, states: mx.array, context: Mapping[str, Kind]) -> mx.array:
        """`[B, L, H]` states to `[B, L, H]`."""
        states = states + self.attn(self.attn_norm(states), context[self.kind])
        summed: mx.array = states + self.mlp(self.mlp_norm(states))
        return summed


class ModernBertEncoder(Encoder):
    """A ModernBERT encoder.

    Args:
        config: the sizes.
    """

    config: ModernBertConfig
    word_path = "embeddings.tok_embeddings"
    layer_path = "layers"
    linears: ClassVar[dict[str, str]] = {
        # One map makes queries, keys and values.
        "query": "attn.Wqkv",
        "key": "attn.Wqkv",
        "value": "attn.Wqkv",
        "attention.output.dense": "attn.Wo",
        "intermediate.dense": "mlp.Wi",
        "output.dense": "mlp.Wo",
    }

    def __init__(self, config: ModernBertConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self["layers"] = [Layer(config, number) for number in range(config.num_hidden_layers)]
        self.final_norm = LayerNorm(config.hidden_size, eps=config.norm_eps, bias=config.norm_bias)

    def parts(self) -> list[list[nn.Module]]:
        """As of every encoder; the last layer with the norm above it."""
        parts = super().parts()
        parts[-1].append(self.final_norm)
        return parts

    def context(self, attention_mask: mx.array | None, length: int) -> dict[str, Kind]:
        """What the layers of each kind read, see `Kind`."""
        config, places = self.config, mx.arange(length)
        # A token reads those at most half a window away, on either side.
        near = mx.abs(places[:, None] - places) <= config.local_attention // 2
        if attention_mask is not None:
            near = near & attention_mask[:, None, None, :].astype(mx.bool_)
        biases = {GLOBAL: padding_bias(attention_mask), LOCAL: attention_bias(near)}
        size = config.hidden_size // config.num_attention_heads
        return {
            kind: Kind(bias, *rotary_angles(length, size, config.theta(kind)))
            for kind, bias in biases.items()
        }

    def finished(self, states: mx.array) -> mx.array:
        """The states `[B, L, H]`, normalised."""
        normalised: mx.array = self.final_norm(states)
        return normalised
