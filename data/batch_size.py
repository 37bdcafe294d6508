"""How many rows a batch has: always the same, or as many as a number of tokens allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bertplay.data.batches import Batch, plan_batches
from bertplay.data.errors import InputError


@dataclass(frozen=True)
class BatchSize:
    """The rows of a step's batches, those that only fill them up included.

    Attributes:
        rows: of every batch, where there is no `max_tokens`.
        max_tokens: the most tokens of a batch, padding included.
        batches: computed one after the other for one step, which sees all of their rows.
    """

    rows: int
    max_tokens: int | None = None
    batches: int = 1

    def at(self, length: int) -> int:
        """Rows of a step whose texts are padded to a length.

        Raises:
            ValueError: not even one text of that length fits into `max_tokens`.
        """
        if self.max_tokens is None:
            return self.rows * self.batches
        if length > self.max_tokens:
            raise ValueError(f"{length} tokens are more than max_tokens {self.max_tokens}")
        return self.max_tokens // length * self.batches


def require_texts_fit(lengths: ArrayLike, max_tokens: int | None) -> None:
    """Refuse a number of tokens that is less than one text has.

    Args:
        lengths: token counts of all texts.
        max_tokens: of a batch; None for any.

    Raises:
        InputError: the longest text has more.
    """
    longest = int(np.max(lengths, initial=0))
    if max_tokens is not None and longest > max_tokens:
        raise InputError(
            f"max_tokens is {max_tokens}, and the longest text has {longest} tokens: give at least "
            f"so many, or cut texts with max_length"
        )


def batches_of_size(
    lengths: ArrayLike,
    padded_lengths: Sequence[int],
    size: BatchSize,
    *,
    rng: np.random.Generator | None = None,
) -> list[Batch]:
    """Divide rows into batches; every row is in exactly one, and at most one batch is partial.

    With `max_tokens`, what does not fill a batch moves up to the next longer padded length. How
    many batches there are depends on the lengths alone, so each epoch over the same rows has as
    many steps; and there is one shape for each padded length, as without.

    Args:
        lengths: `[N]` token counts.
        padded_lengths: ascending lengths to pad to; the last is at least the longest text's.
        size: of the batches.
        rng: as of `bertplay.data.batches.plan_batches`.

    Raises:
        ValueError: a text is longer than the last padded length, or than `max_tokens`.
    """
    if size.max_tokens is None:
        return plan_batches(lengths, padded_lengths, size.at(0), rng=rng)
    lengths = np.asarray(lengths, dtype=np.int64)
    shapes = np.asarray(padded_lengths, dtype=np.int64)
    if len(lengths) and lengths.max() > shapes[-1]:
        raise ValueError(
            f"padded_lengths end at {shapes[-1]}: the longest text has {lengths.max()} tokens"
        )
    shape_of_row = np.searchsorted(shapes, lengths)
    order = np.argsort(lengths, kind="stable") if rng is None else rng.permutation(len(lengths))
    batches: list[Batch] = []
    waiting: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    for shape, length in enumerate(shapes.tolist()):
        # Rows that moved up once come first, so that they do not move up again.
        waiting = np.concatenate([waiting, order[shape_of_row[order] == shape]])
        if len(waiting) == 0:
            continue
        rows = size.at(length)
        last = shape == len(shapes) - 1
        taken = len(waiting) if last else len(waiting) - len(waiting) % rows
        mixed = waiting[:taken] if rng is None else rng.permutation(waiting[:taken])
        batches += [Batch(mixed[start : start + rows], length) for start in range(0, taken, rows)]
        waiting = waiting[taken:]
    if rng is None:
        return batches
    return [batches[place] for place in rng.permutation(len(batches))]


def padding_fraction(lengths: ArrayLike, batches: Sequence[Batch], size: BatchSize) -> float:
    """The share of padding among all tokens of the batches, dummy rows included; 0 for none."""
    lengths = np.asarray(lengths, dtype=np.int64)
    total = sum(size.at(batch.length) * batch.length for batch in batches)
    tokens = sum(int(lengths[batch.rows].sum()) for batch in batches)
    return 1 - tokens / total if total else 0.0
