"""Frozen layers run once over all rows, and again where other layers are frozen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bertplay.data.token_rows import TokenIds
from bertplay.encoders.encoder import Encoder
from bertplay.freezing import never_trained
from bertplay.training.frozen_features import FrozenFeatures, lies_in_file
from bertplay.training.frozen_part import (
    EncoderWithHead,
    FrozenPart,
    frozen_features,
    frozen_part,
)
from bertplay.training.shared_features import shared_features
from bertplay.training.view import PlannedFeatures


@dataclass(frozen=True, eq=False)
class FrozenRows:
    """What a frozen part makes of the rows that are read every epoch; all None without one.

    Attributes:
        part: of the model.
        train: features of the rows to learn from.
        validation: features of the rows to evaluate on.
    """

    part: FrozenPart | None = None
    train: FrozenFeatures | None = None
    validation: FrozenFeatures | None = None


class FrozenPass:
    """Runs what is frozen in an epoch over the rows that every epoch reads.

    Args:
        model: whose features are kept.
        train: token ids of the rows to learn from.
        validation: token ids of the rows to evaluate on.
        pad_id: the padding token.
        stages: what is frozen from which epoch on, as of `freeze_stages`.
        pooled: as of `frozen_part`.
        on_rows: is told how many rows are read, and of how many; first 0.
        shared: as of `shared_features`; None to run over the rows whatever others have done.

    Attributes:
        seconds: that all passes so far took.
        largest: bytes of the largest features that were kept at once.
    """

    def __init__(
        self,
        model: EncoderWithHead,
        train: TokenIds,
        validation: TokenIds,
        pad_id: int,
        stages: Mapping[int, str],
        *,
        pooled: bool = True,
        on_rows: Callable[[int, int], None] = lambda rows, total: None,
        shared: Path | None = None,
    ) -> None:
        self._model, self._tables, self._pad_id = model, (train, validation), pad_id
        self._stages, self._pooled, self._on_rows = stages, pooled, on_rows
        self._shared = shared
        self.seconds = 0.0
        self.largest = 0

    def part(self, epoch: int) -> FrozenPart | None:
        """What runs once in an epoch, for which the model is frozen already; None for nothing.

        A layer that an earlier epoch has trained does not: where weights are averaged, it is
        evaluated with other weights than it is trained with.
        """
        encoder = self._model.encoder
        if not isinstance(encoder, Encoder):
            return None
        untouched = never_trained(self._stages, epoch, len(encoder.layers))
        return frozen_part(self._model, at_most=untouched, pooled=self._pooled)

    def planned(self) -> PlannedFeatures | None:
        """What is kept in the first epoch; None for nothing."""
        part = self.part(1)
        if part is None:
            return None
        sizes = [part.size(texts) for texts in self._tables]
        return PlannedFeatures(sum(sizes), in_file=any(map(lies_in_file, sizes)))

    def run(self, epoch: int) -> FrozenRows:
        """The features for an epoch and those after it in which the same is frozen.

        Raises:
            OSError: they are to lie in a file, and the folder for temporary files is full.
        """
        part = self.part(epoch)
        if part is None:
            return FrozenRows()
        started, total, done = time.perf_counter(), sum(map(len, self._tables)), 0
        self._on_rows(done, total)

        def count(more: int) -> None:
            nonlocal done
            done += more
            self._on_rows(done, total)

        train, validation = (
            frozen_features(part, rows, self._pad_id, count)
            if self._shared is None
            else shared_features(self._shared, part, rows, self._pad_id, count)
            for rows in self._tables
        )
        self.seconds += time.perf_counter() - started
        self.largest = max(self.largest, train.values.nbytes + validation.values.nbytes)
        return FrozenRows(part, train, validation)
