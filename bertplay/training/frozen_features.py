"""What the frozen part of a model makes of texts: kept, and read in batches every epoch."""

from __future__ import annotations

import mmap
import os
import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bertplay.data.batches import Batch

IN_MEMORY = 2**30
"""Bytes of features of one table that are held in memory; more of them lie in a file."""


def lies_in_file(size: int) -> bool:
    """Whether features of so many bytes are kept in a file."""
    return size > IN_MEMORY


@dataclass(frozen=True, eq=False)
class FrozenFeatures:
    """Vectors of N texts, one after another in one array.

    Attributes:
        values: `[T, H]` the vectors of all texts.
        offsets: `[N + 1]` where each text begins, and where the last one ends.
        pooled: each text has one vector, and not one for each of its tokens.
    """

    values: NDArray[np.float32]
    offsets: NDArray[np.int64]
    pooled: bool

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> NDArray[np.float32]:
        """`[l, H]` the vectors of a text, a view."""
        if not 0 <= row < len(self):
            raise IndexError(f"there is no row {row} among {len(self)}")
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def padded(
        self, batch: Batch, batch_size: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
        """The arrays of a batch; a partial one is filled up with rows of weight 0.

        Args:
            batch: which rows, and the length that they are padded to where they are not pooled.
            batch_size: the number of rows of every batch, B.

        Returns:
            features `[B, L, H]`, 0 at padding; attention mask `[B, L]`; row weights `[B]`, 1 or
            0. L is 1 for pooled features.
        """
        length = 1 if self.pooled else batch.length
        starts, counts = self.offsets[batch.rows], np.diff(self.offsets)[batch.rows]
        features = np.zeros((batch_size, length, self.values.shape[1]), dtype=np.float32)
        mask = np.zeros((batch_size, length), dtype=np.bool_)
        mask[: len(batch.rows)] = np.arange(length) < counts[:, None]
        places = starts[:, None] + np.arange(length)
        features[mask] = self.values[places[mask[: len(batch.rows)]]]
        row_weights = np.zeros(batch_size, dtype=np.float32)
        row_weights[: len(batch.rows)] = 1.0
        # One attended token keeps the softmax over a dummy row defined.
        mask[len(batch.rows) :, 0] = True
        return features, mask, row_weights


class FeatureStore:
    """Takes the features of N texts in any order; a context manager.

    A file for them is nameless, in the folder for temporary files (`TMPDIR` chooses it), and mapped
    into memory, where the system reads and drops it as it needs. As it has no name, it is gone with
    the process, however that ends.

    Args:
        counts: `[N]` how many vectors each text has.
        size: H, the size of a vector.
        pooled: as of `FrozenFeatures`.
        in_file: keep them in a file, and not in memory.

    Raises:
        OSError: the folder is missing.
    """

    def __init__(self, counts: ArrayLike, size: int, *, pooled: bool, in_file: bool) -> None:
        self._offsets = np.concatenate([[0], np.cumsum(np.asarray(counts, dtype=np.int64))])
        self._shape = (int(self._offsets[-1]), size)
        self._pooled = pooled
        self._values: NDArray[np.float32] | None = None
        self._file: Any = None
        if in_file:
            self._file = tempfile.TemporaryFile(prefix="bertplay-")  # noqa: SIM115 - held open
        else:
            self._values = np.empty(self._shape, dtype=np.float32)

    def __enter__(self) -> FeatureStore:
        """A file is there until the block ends."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file; a mapping of it outlives it."""
        if self._file is not None:
            self._file.close()

    def put(self, row: int, vectors: NDArray[np.float32]) -> None:
        """Take in the vectors `[l, H]` of a text.

        Raises:
            OSError: the folder for temporary files is full.
        """
        start = int(self._offsets[row])
        if self._values is not None:
            self._values[start : start + len(vectors)] = vectors
            return
        # Written and not assigned to a mapping, where a full disk would end the process.
        data = memoryview(vectors.astype(np.float32).tobytes())
        place = start * self._shape[1] * 4
        try:
            while data:
                written = os.pwrite(self._file.fileno(), data, place)
                data, place = data[written:], place + written
        except OSError as error:
            reason = f"{error.strerror}; features of frozen layers go there, TMPDIR names another"
            raise OSError(error.errno, reason, tempfile.gettempdir()) from error

    def features(self) -> FrozenFeatures:
        """All of them, once every text's are in."""
        values = self._values
        if values is None:
            mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            values = np.frombuffer(mapped, dtype=np.float32).reshape(self._shape)
        return FrozenFeatures(values, self._offsets, self._pooled)
