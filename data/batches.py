"""Batches of few shapes: texts grouped by length, padded to a small set of lengths.

Each shape is compiled once, so their number is bounded; within that bound, padding is smallest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bertplay.data.token_rows import TokenIds

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows that are padded to one length.

    Attributes:
        rows: row numbers, at most batch_size of them.
        length: the padded length in tokens.
    """

    rows: Rows
    length: int


def choose_lengths(
    lengths: ArrayLike, max_shapes: int = 12, *, counts: ArrayLike | None = None
) -> tuple[int, ...]:
    """The padded lengths that need the fewest padding tokens, each text to the next longer one.

    Exact: with n_i texts of the distinct lengths d_1 < ... < d_m, the cost of padding the lengths
    i+1 .. j to d_j is d_j (n_{i+1} + ... + n_j), and the cheapest division into at most
    `max_shapes` runs is found by dynamic programming in O(max_shapes m^2).

    Args:
        lengths: [N] token counts, at least 1 each.
        max_shapes: the largest number of padded lengths.
        counts: [N] how many texts have each of the lengths; None for one.

    Returns:
        Ascending lengths; the last is the longest text's.

    Raises:
        ValueError: no lengths, a length below 1, or `max_shapes` below 1.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    if lengths.size == 0 or lengths.min() < 1:
        raise ValueError("lengths must hold at least one token count, each at least 1")
    if max_shapes < 1:
        raise ValueError(f"max_shapes is {max_shapes}: it must be at least 1")
    distinct, place = np.unique(lengths, return_inverse=True)
    texts = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(texts, place, 1 if counts is None else np.asarray(counts))
    texts_before = np.concatenate([[0], np.cumsum(texts)])
    size = len(distinct)

    # cost[j]: the fewest tokens for the j shortest distinct lengths with the runs used so far.
    cost = np.concatenate([[0], distinct * texts_before[1:]])
    run_starts = [np.zeros(size + 1, dtype=np.int64)]
    for _ in range(min(max_shapes, size) - 1):
        better = cost.copy()
        starts = np.zeros(size + 1, dtype=np.int64)
        for end in range(1, size + 1):
            tokens = cost[:end] + distinct[end - 1] * (texts_before[end] - texts_before[:end])
            starts[end] = np.argmin(tokens)
            better[end] = tokens[starts[end]]
        cost = better
        run_starts.append(starts)

    chosen = []
    end = size
    for starts in reversed(run_starts):
        if end > 0:
            chosen.append(int(distinct[end - 1]))
            end = int(starts[end])
    return tuple(reversed(chosen))


def plan_batches(
    lengths: ArrayLike,
    padded_lengths: Sequence[int],
    batch_size: int,
    *,
    rng: np.random.Generator | None = None,
) -> list[Batch]:
    """Divide rows into batches; every row is in exactly one, and at most one batch is partial.

    The partial batch is made of short texts, where filling it up costs least.

    Args:
        lengths: [N] token counts.
        padded_lengths: ascending lengths to pad to; the last is at least the longest text's.
        batch_size: rows a batch.
        rng: for training: rows are drawn at random within their padded length, what does not fill
            a batch moves up to the next longer one, and the batches come in random order. None,
            for evaluation: rows come sorted by length.

    Raises:
        ValueError: `batch_size` below 1, or a text longer than the last padded length.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    shapes = np.asarray(padded_lengths, dtype=np.int64)
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: it must be at least 1")
    if len(lengths) and lengths.max() > shapes[-1]:
        raise ValueError(
            f"padded_lengths end at {shapes[-1]}: the longest text has {lengths.max()} tokens"
        )
    shape_of_row = np.searchsorted(shapes, lengths)
    if rng is None:
        return _sorted_batches(lengths, shape_of_row, shapes, batch_size)
    return _shuffled_batches(shape_of_row, shapes, batch_size, rng)


def _sorted_batches(
    lengths: Rows, shape_of_row: Rows, shapes: Rows, batch_size: int
) -> list[Batch]:
    order = np.argsort(lengths, kind="stable")
    partial = len(order) % batch_size
    starts = [0] if partial else []
    starts += range(partial, len(order), batch_size)
    batches = []
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        rows = order[start:end]
        batches.append(Batch(rows, int(shapes[shape_of_row[rows[-1]]])))
    return batches


def _shuffled_batches(
    shape_of_row: Rows, shapes: Rows, batch_size: int, rng: np.random.Generator
) -> list[Batch]:
    partial = len(shape_of_row) % batch_size
    batches = []
    waiting = np.zeros(0, dtype=np.int64)
    for shape, length in enumerate(shapes.tolist()):
        # Rows that moved up once come first, so that they do not move up again.
        waiting = np.concatenate([waiting, rng.permutation(np.flatnonzero(shape_of_row == shape))])
        if 0 < partial <= len(waiting):
            batches.append(Batch(waiting[:partial], length))
            waiting = waiting[partial:]
            partial = 0
        full = len(waiting) - len(waiting) % batch_size
        if full:
            mixed = rng.permutation(waiting[:full])
            batches += [Batch(rows, length) for rows in mixed.reshape(-1, batch_size)]
            waiting = waiting[full:]
    return [batches[place] for place in rng.permutation(len(batches))]


def pad_batch(
    token_ids: TokenIds, batch: Batch, batch_size: int, pad_id: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.float32]]:
    """The arrays of a batch; a partial one is filled up with rows of weight 0.

    Args:
        token_ids: the token ids of all N texts.
        batch: which rows, and their padded length.
        batch_size: the number of rows of every batch, B.
        pad_id: the padding token.

    Returns:
        input_ids [B, L], attention_mask [B, L] (True for a token), row_weights [B] (1 or 0).

    Raises:
        ValueError: more rows than `batch_size`, or a text longer than the batch's length.
    """
    if len(batch.rows) > batch_size:
        raise ValueError(f"the batch has {len(batch.rows)} rows, more than batch_size {batch_size}")
    input_ids = np.full((batch_size, batch.length), pad_id, dtype=np.int32)
    attention_mask = np.zeros((batch_size, batch.length), dtype=np.bool_)
    row_weights = np.zeros(batch_size, dtype=np.float32)
    for place, row in enumerate(batch.rows):
        ids = token_ids[row]
        if len(ids) > batch.length:
            raise ValueError(f"row {row} has {len(ids)} tokens, the batch only {batch.length}")
        input_ids[place, : len(ids)] = ids
        attention_mask[place, : len(ids)] = True
    row_weights[: len(batch.rows)] = 1.0
    # One attended token keeps the softmax over a dummy row defined.
    attention_mask[len(batch.rows) :, 0] = True
    return input_ids, attention_mask, row_weights
