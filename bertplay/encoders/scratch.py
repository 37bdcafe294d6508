"""A small BERT that starts from nothing but the training texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import mlx.core as mx
from mlx.utils import tree_unflatten

from bertplay.data.tokenizer import train_wordpiece
from bertplay.encoders.bert import BertEncoder
from bertplay.encoders.config import BertConfig
from bertplay.encoders.encoder import Encoder
from bertplay.named_arrays import named_arrays

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = 8000


def encoder_from_scratch(
    texts: Sequence[str], *, max_length: int, seed: int
) -> tuple[BertEncoder, Tokenizer]:
    """A 2-layer BERT of width 128 with random weights, and a WordPiece vocabulary of the texts.

    The size is BERT-Tiny's (Turc et al. 2019); the weights are drawn as in Devlin et al. (2019),
    from a normal distribution of standard deviation 0.02.

    Args:
        texts: the training texts, and no others: validation words must stay unknown.
        max_length: the number of position embeddings.
        seed: of the weights.
    """
    tokenizer = train_wordpiece(texts, vocab_size=VOCABULARY)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        max_position_embeddings=max_length,
    )
    encoder = BertEncoder(config)
    initialise(encoder, mx.random.key(seed))
    return encoder, tokenizer


def initialise(encoder: Encoder, key: mx.array) -> None:
    """Draw BERT's initial weights: matrices normal, biases 0, norms 1."""
    parameters = list(named_arrays(encoder.parameters()).items())
    keys = mx.random.split(key, len(parameters))
    drawn = []
    for (name, value), own_key in zip(parameters, keys, strict=True):
        if value.ndim == 2:
            scale = encoder.config.initializer_range
            value = scale * mx.random.normal(value.shape, key=own_key)
        else:
            value = mx.ones_like(value) if name.endswith("weight") else mx.zeros_like(value)
        drawn.append((name, value))
    encoder.update(tree_unflatten(drawn))
