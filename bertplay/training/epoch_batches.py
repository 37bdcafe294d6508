"""The batches of one epoch: which rows it has, and how they are put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bertplay.data.batch_size import BatchSize, batches_of_size
from bertplay.data.batches import Batch
from bertplay.data.sampling import sampled_rows
from bertplay.training.rows import TrainingRows


def epoch_batches(
    train: TrainingRows,
    padded_lengths: Sequence[int],
    size: BatchSize,
    *,
    sampling: str,
    seed: int,
    epoch: int,
) -> list[Batch]:
    """As many rows as there are, in batches; seed and epoch decide on all of it.

    Args:
        train: N rows.
        padded_lengths: as of `plan_batches`.
        size: of the batches.
        sampling: as of `sampled_rows`.
        seed: of the run.
        epoch: counted from 1.
    """
    rng = np.random.default_rng((seed, epoch))
    rows = sampled_rows(train.classes, sampling, rng=rng)
    # A plan is about places among the rows of the epoch, in which a row may stand twice.
    batches = batches_of_size(train.lengths[rows], padded_lengths, size, rng=rng)
    return [Batch(rows[batch.rows], batch.length) for batch in batches]
