"""Class probabilities of many texts, in batches of few shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_map
from numpy.typing import NDArray

from bertplay.data.batch_size import BatchSize, batches_of_size
from bertplay.data.batches import Batch, choose_lengths, pad_batch
from bertplay.data.token_rows import TokenIds, token_counts
from bertplay.distributed.process_group import ALONE, ProcessGroup

MAX_SHAPES = 16
ENOUGH_PADDING = 0.05

Logits = NDArray[np.float32]


class Features(Protocol):
    """What texts are to the upper part of a model; `bertplay.training.frozen_features` has them."""

    def padded(
        self, batch: Batch, batch_size: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
        """Features `[B, L, H]`, attention mask `[B, L]`, row weights `[B]`."""


class BatchedPredictor:
    """Outputs of texts from a model, compiled once for every padded length.

    The model's weights are read anew at each call, so it can be used between epochs.

    Args:
        model: switched to evaluation mode while it predicts, and back.
        padded_lengths: ascending; the last is at least the longest text's.
        batch_size: rows a batch.
        pad_id: the padding token.
        group: the processes that the batches are divided over; each gets all outputs.
        max_tokens: the most tokens of a batch, padding included, in place of `batch_size`.
        forward: what is computed of a batch and its mask; None calls the model. Where it reads
            features of a frozen part, these are given to `outputs` as well.
    """

    def __init__(
        self,
        model: nn.Module,
        padded_lengths: Sequence[int],
        batch_size: int,
        pad_id: int = 0,
        group: ProcessGroup = ALONE,
        *,
        forward: Callable[[mx.array, mx.array], Any] | None = None,
        max_tokens: int | None = None,
    ) -> None:
        self._model = model
        self._padded_lengths = tuple(padded_lengths)
        self._size = BatchSize(batch_size, max_tokens)
        self._pad_id = pad_id
        self._group = group
        self._forward = mx.compile(forward or model.__call__, inputs=model.state)

    def logits(
        self,
        token_ids: TokenIds,
        on_batch: Callable[[int], None] = lambda rows: None,
        features: Features | None = None,
    ) -> Logits:
        """`[N, C]` logits of N texts, in their order, from a model with one head.

        The arguments and errors are those of `outputs`.
        """
        logits: Logits = self.outputs(token_ids, on_batch, features)
        return logits

    def outputs(
        self,
        token_ids: TokenIds,
        on_batch: Callable[[int], None] = lambda rows: None,
        features: Features | None = None,
    ) -> Any:
        """What the model gives for N texts, in their order: `[N, ...]`, or a dictionary of them.

        Args:
            token_ids: N arrays of token ids.
            on_batch: is told how many rows each batch had, for a progress bar.
            features: what `forward` reads in place of the token ids, which then only plan the
                batches.

        Raises:
            ValueError: there are no texts, or one is longer than the last padded length.
        """
        if not token_ids:
            raise ValueError("there are no texts to predict")
        batches = batches_of_size(token_counts(token_ids), self._padded_lengths, self._size)
        was_training = self._model.training
        self._model.eval()
        results: list[tuple[NDArray[np.int64], Any]] = []
        outputs: Any = None
        try:
            for batch in _own_batches(batches, self._group):
                size = self._size.at(batch.length)
                inputs: NDArray[Any]
                if features is None:
                    inputs, mask, _ = pad_batch(token_ids, batch, size, self._pad_id)
                else:
                    inputs, mask, _ = features.padded(batch, size)
                result = self._forward(mx.array(inputs), mx.array(mask))
                mx.async_eval(result)
                results.append((batch.rows, result))
                # The batch before is read while this one is computed, so no graph builds up.
                if len(results) > 1:
                    outputs = _store(outputs, len(token_ids), *results.pop(0))
                on_batch(len(batch.rows))
            for rows, result in results:
                outputs = _store(outputs, len(token_ids), rows, result)
        finally:
            self._model.train(was_training)
        return outputs if self._group.size == 1 else tree_map(self._of_all, outputs)

    def _of_all(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The rows of all processes; each has zeros where another one has its rows."""
        bits = self._group.summed(mx.array(outputs.view(np.uint32)))
        return np.array(bits).view(np.float32)


def _own_batches(batches: Sequence[Batch], group: ProcessGroup) -> Sequence[Batch]:
    """Every so many batches; without any, one without rows, which shows what the outputs are."""
    own = batches[group.rank :: group.size]
    return own or [replace(batches[0], rows=batches[0].rows[:0])]


def _store(outputs: Any, total: int, rows: NDArray[np.int64], result: Any) -> Any:
    if outputs is None:
        outputs = tree_map(lambda a: np.zeros((total, *a.shape[1:]), dtype=np.float32), result)

    def copy(stored: NDArray[np.float32], array: mx.array) -> NDArray[np.float32]:
        stored[rows] = np.array(array)[: len(rows)]
        return stored

    return tree_map(copy, outputs, result)


def softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """`[N, C]` probabilities of logits, in double precision."""
    wide = logits.astype(np.float64)
    shifted = np.exp(wide - wide.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return shares


def padded_lengths_for(token_ids: TokenIds) -> tuple[int, ...]:
    """The padded lengths that suit these texts: few, as each is compiled, with little padding.

    The fewest for which at most 5% of the tokens are padding, but never more than 16.
    """
    lengths, counts = np.unique(token_counts(token_ids), return_counts=True)
    for shapes in range(1, MAX_SHAPES + 1):
        chosen = choose_lengths(lengths, shapes, counts=counts)
        padded = np.asarray(chosen)[np.searchsorted(chosen, lengths)]
        if 1 - counts @ lengths / (counts @ padded) <= ENOUGH_PADDING:
            break
    return chosen
