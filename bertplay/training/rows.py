"""Rows as the training loop takes them: token ids, and what is to be learned of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map
from numpy.typing import NDArray

from bertplay.data.batches import Batch, pad_batch
from bertplay.data.token_rows import TokenIds, token_counts
from bertplay.training.frozen_features import FrozenFeatures

Targets = Any  # a tree of dictionaries with arrays of N rows as leaves


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """N rows to learn from.

    Attributes:
        ids: N row names, for messages.
        token_ids: N arrays of token ids.
        targets: dictionaries, of dictionaries, of arrays whose first axis is N.
        classes: `[N]` integers, the classes that sampling goes by.
        features: what a frozen part of the model makes of them, which batches then hold in place of
            token ids; None without one.
        weights: `[N]` what each row counts in the loss; None where all count alike.
    """

    ids: tuple[str, ...]
    token_ids: TokenIds
    targets: Targets
    classes: NDArray[np.int32]
    features: FrozenFeatures | None = None
    weights: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.token_ids)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """`[N]` token counts."""
        return token_counts(self.token_ids)

    def batch(
        self, batch: Batch, batch_size: int, pad_id: int
    ) -> tuple[mx.array, mx.array, Targets, mx.array]:
        """Token ids `[B, L]` or features `[B, L, H]`, mask, targets of B rows, row weights `[B]`.

        Rows that only fill the batch up have targets of zeros and weigh 0.
        """
        inputs: NDArray[Any]
        if self.features is None:
            inputs, mask, row_weights = pad_batch(self.token_ids, batch, batch_size, pad_id)
        else:
            inputs, mask, row_weights = self.features.padded(batch, batch_size)
        if self.weights is not None:
            row_weights[: len(batch.rows)] = self.weights[batch.rows]

        def filled_up(values: NDArray[Any]) -> mx.array:
            rows = np.zeros((batch_size, *values.shape[1:]), dtype=values.dtype)
            rows[: len(batch.rows)] = values[batch.rows]
            return mx.array(rows)

        targets = tree_map(filled_up, self.targets)
        return mx.array(inputs), mx.array(mask), targets, mx.array(row_weights)
