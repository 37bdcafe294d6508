"""The bottom of a model that is not trained: split off, and run once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from numpy.typing import NDArray

from bertplay.data.batches import Batch, pad_batch
from bertplay.data.token_rows import TokenIds, token_counts
from bertplay.encoders.encoder import Encoder
from bertplay.freezing import frozen_layers
from bertplay.heads import MultiTaskHead
from bertplay.prediction import padded_lengths_for
from bertplay.training.frozen_features import FeatureStore, FrozenFeatures, lies_in_file

_TOKENS_AT_ONCE = 4096  # in a batch of the one pass, which needs no gradients


class EncoderWithHead(Protocol):
    """A model of an encoder and a head, or several."""

    encoder: Any
    head: Any


@dataclass(frozen=True, eq=False)
class FrozenPart:
    """What of a model is a fixed function of the texts, and what is kept of its results.

    Attributes:
        encoder: whose part it is.
        layers: how many bottom layers, with the embeddings below them.
        pool: makes one vector of a text's token states, which alone is kept; None keeps the states.
    """

    encoder: Encoder
    layers: int
    pool: Callable[[mx.array, mx.array], mx.array] | None

    def below(self, input_ids: mx.array, attention_mask: mx.array) -> mx.array:
        """What is kept, `[B, L, H]` or `[B, 1, H]`, of token ids `[B, L]` and their mask."""
        states = self.encoder.below(input_ids, attention_mask, self.layers)
        return states if self.pool is None else self.pool(states, attention_mask)[:, None]

    def above(self, features: mx.array, attention_mask: mx.array) -> mx.array:
        """What a head reads, of what is kept and its mask.

        Every pooling without parameters leaves a text of a single state as it is, so that a head
        reads pooled vectors as it reads token states.
        """
        if self.layers < len(self.encoder.layers):
            # The layers above may hold their weights in another type for a while.
            features = features.astype(self.encoder.words.weight.dtype)
        return self.encoder.above(features, attention_mask, self.layers)

    def counts(self, token_ids: TokenIds) -> NDArray[np.int64]:
        """`[N]` how many vectors are kept of each text."""
        counts = token_counts(token_ids)
        return counts if self.pool is None else np.ones_like(counts)

    def size(self, token_ids: TokenIds) -> int:
        """Bytes of what is kept of N texts."""
        return int(self.counts(token_ids).sum()) * self.encoder.config.hidden_size * 4


def frozen_part(
    model: EncoderWithHead, *, at_most: int | None = None, pooled: bool = True
) -> FrozenPart | None:
    """What of a model can run once, as it is frozen now; None where that saves nothing.

    Frozen embeddings alone save nothing: to look them up costs what reading kept states does.

    Args:
        model: whose encoder is a `Encoder`; of another one nothing is known.
        at_most: so many layers; None for all.
        pooled: where the whole encoder is frozen, and the head's pooling has no parameters, keep
            only the pooled vectors.
    """
    encoder = model.encoder
    if not isinstance(encoder, Encoder):
        return None
    layers = frozen_layers(encoder)
    if at_most is not None:
        layers = min(layers, at_most)
    if layers == 0:
        return None
    whole = layers == len(encoder.layers)
    return FrozenPart(encoder, layers, _pool(model.head) if whole and pooled else None)


def _pool(head: Any) -> Callable[[mx.array, mx.array], mx.array] | None:
    """The pooling of all heads; None where it has parameters, or each has another."""
    heads = list(head.heads.values()) if isinstance(head, MultiTaskHead) else [head]
    pool: Callable[[mx.array, mx.array], mx.array] = heads[0].pool
    if isinstance(pool, nn.Module) or any(other.pool is not pool for other in heads):
        return None
    return pool


def outputs_above(
    model: Callable[..., Any], part: FrozenPart | None
) -> Callable[[mx.array, mx.array], Any]:
    """What makes a model's outputs of kept features and their mask; without a part, the model."""
    if part is None:
        return model
    head: Any = getattr(model, "head")  # noqa: B009 - models are declared by what they compute
    return lambda features, mask: head(part.above(features, mask), mask)


def frozen_features(
    part: FrozenPart,
    token_ids: TokenIds,
    pad_id: int,
    on_batch: Callable[[int], None] = lambda rows: None,
) -> FrozenFeatures:
    """Run a frozen part over texts once, with its weights as they are now.

    Args:
        part: of the model.
        token_ids: N arrays of token ids.
        pad_id: the padding token.
        on_batch: is told how many rows each batch had.

    Returns:
        The features of N texts, in their order.

    Raises:
        OSError: they are to lie in a file, and the folder for temporary files is missing or full.
    """
    forward = mx.compile(part.below, inputs=part.encoder.state)
    was_training = part.encoder.training
    part.encoder.eval()
    try:
        with FeatureStore(
            part.counts(token_ids),
            part.encoder.config.hidden_size,
            pooled=part.pool is not None,
            in_file=lies_in_file(part.size(token_ids)),
        ) as store:

            def take_in(rows: NDArray[np.int64], features: mx.array) -> None:
                arrays = np.array(features.astype(mx.float32))
                for row, array in zip(rows.tolist(), arrays, strict=False):
                    store.put(row, array if part.pool else array[: len(token_ids[row])])
                on_batch(len(rows))

            waiting: list[tuple[NDArray[np.int64], mx.array]] = []
            for batch, batch_size in _large_batches(token_ids):
                ids, mask, _ = pad_batch(token_ids, batch, batch_size, pad_id)
                waiting.append((batch.rows, forward(mx.array(ids), mx.array(mask))))
                mx.async_eval(waiting[-1][1])
                # The batch before is read while this one is computed.
                if len(waiting) > 1:
                    take_in(*waiting.pop(0))
            for rows, features in waiting:
                take_in(rows, features)
            return store.features()
    finally:
        part.encoder.train(was_training)


def _large_batches(token_ids: TokenIds) -> Iterator[tuple[Batch, int]]:
    """Batches of about as many tokens, and the size to fill each up to; one size a length."""
    lengths, shapes = token_counts(token_ids), padded_lengths_for(token_ids)
    shape_of_row = np.searchsorted(shapes, lengths)
    for shape, length in enumerate(shapes):
        rows = np.flatnonzero(shape_of_row == shape)
        number = -(-len(rows) * length // _TOKENS_AT_ONCE)
        size = -(-len(rows) // number)
        for start in range(0, len(rows), size):
            yield Batch(rows[start : start + size], length), size
