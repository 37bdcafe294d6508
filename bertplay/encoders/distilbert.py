"""DistilBERT (Sanh et al. 2019) in MLX: BERT's arithmetic without token types and pooler."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import mlx.core as mx
import mlx.nn as nn

from bertplay.encoders.attention import attend, split_heads
from bertplay.encoders.config import require_gelu, require_sizes
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.gelu import gelu
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.encoders.linear import Linear
from bertplay.encoders.post_norm import LayerStack

_EPS = 1e-12


@dataclass(frozen=True)
class DistilBertConfig:
    """Sizes and rates of a DistilBERT encoder; `names` has their names in config.json.

    Raises:
        InputError: the sizes do not fit together.
    """

    model_type: ClassVar[str] = "distilbert"
    architecture: ClassVar[str] = "DistilBertModel"
    prefix: ClassVar[str] = "distilbert."
    names: ClassVar[dict[str, str]] = {
        "hidden_size": "dim",
        "num_hidden_layers": "n_layers",
        "num_attention_heads": "n_heads",
        "intermediate_size": "hidden_dim",
        "hidden_act": "activation",
        "hidden_dropout_prob": "dropout",
        "attention_probs_dropout_prob": "attention_dropout",
    }
    layer_norm_eps: ClassVar[float] = _EPS

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 512
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    initializer_range: float = 0.02
    pad_token_id: int = 0

    def __post_init__(self) -> None:
        """Refuse sizes that cannot make an encoder."""
        require_sizes(self, "max_position_embeddings")
        require_gelu("activation", self.hidden_act)

    @property
    def max_length(self) -> int:
        """The most tokens of a text."""
        return self.max_position_embeddings

    def as_dict(self) -> dict[str, Any]:
        """The keys of config.json, so that transformers reads the model too."""
        values = {self.names.get(name, name): value for name, value in asdict(self).items()}
        return {"model_type": self.model_type, "architectures": [self.architecture], **values}


class Embeddings(nn.Module):
    """Sum of word and position embeddings, normalised."""

    def __init__(self, config: DistilBertConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=_EPS)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def __call__(
        self,
        input_ids: mx.array,
        token_type_ids: mx.array | None = None,
        attention_mask: mx.array | None = None,
    ) -> mx.array:
        """`[B, L]` ids to `[B, L, H]` states; there are no token types."""
        positions = self.position_embeddings.weight[: input_ids.shape[1]]
        return self.dropout(self.LayerNorm(self.word_embeddings(input_ids) + positions))


class SelfAttention(nn.Module):
    """Scaled dot-product attention and its output map."""

    def __init__(self, config: DistilBertConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.q_lin, self.k_lin = Linear(size, size), Linear(size, size)
        self.v_lin, self.out_lin = Linear(size, size), Linear(size, size)
        self.dropout = Dropout(config.attention_probs_dropout_prob)
        self.num_heads = config.num_attention_heads

    def __call__(
        self, states: mx.array, bias: mx.array | None, asking: mx.array | None = None
    ) -> mx.array:
        """`[B, L, H]` states to what the asking ones read of them, `[B, Q, H]`; None for all.

        The additive bias is `[B, 1, 1, L]`, in fp32.
        """
        asking = states if asking is None else asking
        query, key, value = (
            split_heads(part(of), self.num_heads)
            for part, of in ((self.q_lin, asking), (self.k_lin, states), (self.v_lin, states))
        )
        outputs: mx.array = self.out_lin(attend(query, key, value, bias, self.dropout))
        return outputs


class FeedForward(nn.Module):
    """Linear map, GELU, linear map, dropout."""

    def __init__(self, config: DistilBertConfig) -> None:
        super().__init__()
        self.lin1 = Linear(config.hidden_size, config.intermediate_size)
        self.lin2 = Linear(config.intermediate_size, config.hidden_size)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def __call__(self, states: mx.array) -> mx.array:
        """`[B, L, H]` to `[B, L, H]`."""
        return self.dropout(self.lin2(gelu(self.lin1(states))))


class Layer(nn.Module):
    """One transformer layer, normalised after each half."""

    takes_asking: ClassVar[bool] = True

    def __init__(self, config: DistilBertConfig) -> None:
        super().__init__()
        self.attention = SelfAttention(config)
        self.sa_layer_norm = LayerNorm(config.hidden_size, eps=_EPS)
        self.ffn = FeedForward(config)
        self.output_layer_norm = LayerNorm(config.hidden_size, eps=_EPS)

    def __call__(
        self, states: mx.array, bias: mx.array | None, asking: mx.array | None = None
    ) -> mx.array:
        """`[B, L, H]` states to new ones of the asking ones, `[B, Q, H]`; None for all."""
        read = self.attention(states, bias, asking)
        states = self.sa_layer_norm(read + (states if asking is None else asking))
        normalised: mx.array = self.output_layer_norm(self.ffn(states) + states)
        return normalised


class DistilBertEncoder(Encoder):
    """A DistilBERT encoder.

    Args:
        config: the sizes.
    """

    layer_path = "transformer.layer"
    linears: ClassVar[dict[str, str]] = {
        "query": "attention.q_lin",
        "key": "attention.k_lin",
        "value": "attention.v_lin",
        "attention.output.dense": "attention.out_lin",
        "intermediate.dense": "ffn.lin1",
        "output.dense": "ffn.lin2",
    }

    def __init__(self, config: DistilBertConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.transformer = LayerStack([Layer(config) for _ in range(config.num_hidden_layers)])
