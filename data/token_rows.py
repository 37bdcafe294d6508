"""Token ids of many texts as one array, which lies in a file where it is large."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

TokenIds: TypeAlias = Sequence[NDArray[np.int32]]
"""N arrays of token ids."""

IN_MEMORY = 64 * 2**20
"""Bytes of token ids that are held in memory; more of them lie in a file."""

_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class TokenRows(Sequence[NDArray[np.int32]]):
    """N arrays of token ids, one after another in one array: four bytes a token, eight a row.

    Attributes:
        values: `[T]` the ids of all rows.
        offsets: `[N + 1]` where each row begins, and where the last one ends.
    """

    values: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | NDArray[np.int32]]) -> TokenRows:
        """Rows that are there already, in memory."""
        arrays = [np.asarray(row, dtype=np.int32) for row in rows]
        values = np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int32)
        return cls(values, _offsets([len(array) for array in arrays]))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, row: int) -> NDArray[np.int32]: ...

    @overload
    def __getitem__(self, row: slice) -> TokenRows: ...

    def __getitem__(self, row: int | slice) -> NDArray[np.int32] | TokenRows:
        """A row's ids, or the rows of a slice without a step; both are views."""
        if isinstance(row, slice):
            start, stop, step = row.indices(len(self))
            if step != 1:
                raise ValueError(f"the slice has the step {step}: only neighbours are one array")
            offsets = self.offsets[start : max(start, stop) + 1]
            return TokenRows(self.values[offsets[0] : offsets[-1]], offsets - offsets[0])
        if not -len(self) <= row < len(self):
            raise IndexError(f"there is no row {row} among {len(self)}")
        row %= len(self)
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """`[N]` token counts."""
        return np.diff(self.offsets)

    def blocks(self) -> Iterator[TokenRows]:
        """The rows in pieces, so that only a piece of what is made of them is in memory."""
        for start in range(0, len(self), _ROWS_AT_ONCE):
            yield self[start : start + _ROWS_AT_ONCE]


def joined(blocks: Iterable[TokenRows], in_memory: int = IN_MEMORY) -> TokenRows:
    """The rows of all blocks, in order; the blocks themselves may be forgotten.

    Ids of more than `in_memory` bytes are written to a nameless file in the folder for temporary
    files (`TMPDIR` chooses it) and mapped into memory, where the system reads and drops them as it
    needs. As it has no name, the file is gone with the process, however that ends.

    Raises:
        OSError: the folder is missing or full.
    """
    try:
        return _joined(blocks, in_memory)
    except OSError as error:
        reason = f"{error.strerror}; token ids go there, TMPDIR names another folder"
        raise OSError(error.errno, reason, tempfile.gettempdir()) from error


def _joined(blocks: Iterable[TokenRows], in_memory: int) -> TokenRows:
    pieces: list[NDArray[np.int32]] = []
    lengths: list[NDArray[np.int64]] = []
    size = 0
    with ExitStack() as closing:
        file: IO[bytes] | None = None
        for block in blocks:
            lengths.append(block.lengths)
            size += block.values.nbytes
            if file is None and size > in_memory:
                file = closing.enter_context(tempfile.TemporaryFile(prefix="bertplay-"))
                for piece in pieces:
                    file.write(piece.data)
                pieces.clear()
            if file is None:
                pieces.append(block.values)
            else:
                file.write(block.values.data)
        offsets = _offsets(np.concatenate(lengths) if lengths else [])
        if file is None:
            values = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int32)
            return TokenRows(values, offsets)
        file.flush()
        # The mapping outlives the file that is closed here.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return TokenRows(np.frombuffer(mapped, dtype=np.int32), offsets)


def token_counts(token_ids: TokenIds) -> NDArray[np.int64]:
    """`[N]` the number of tokens of each text."""
    if isinstance(token_ids, TokenRows):
        return token_ids.lengths
    return np.array([len(ids) for ids in token_ids], dtype=np.int64)


def _offsets(lengths: Any) -> NDArray[np.int64]:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
