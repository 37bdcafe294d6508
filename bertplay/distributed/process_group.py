"""The processes of a run, and what they send to one another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import mlx.core as mx
from mlx.utils import tree_map, tree_unflatten

from bertplay.data.errors import InputError
from bertplay.distributed.launch import launched
from bertplay.named_arrays import named_arrays

# A message costs as much as some thousands of numbers: what is smaller is sent together.
_LARGE = 1 << 16


@dataclass(frozen=True)
class ProcessGroup:
    """The processes that train one model together; each method is called by all of them.

    Attributes:
        rank: of this process, counted from 0.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    def gathered(self, rows: mx.array) -> mx.array:
        """`[size N, ...]`, the rows `[N, ...]` of all processes in their order.

        Its gradient is the own rows' part alone.
        """
        return rows if self.size == 1 else mx.distributed.all_gather(rows)

    def summed(self, tree: Any) -> Any:
        """The sum over the processes of each array of a tree; the same bits in all of them."""
        if self.size == 1:
            return tree
        arrays = named_arrays(tree)
        sums: dict[str, mx.array] = {}
        small: dict[mx.Dtype, list[str]] = {}
        for name, array in arrays.items():
            if array.size >= _LARGE:
                sums[name] = mx.distributed.all_sum(array)
            else:
                small.setdefault(array.dtype, []).append(name)
        for names in small.values():
            joined = mx.concatenate([arrays[name].reshape(-1) for name in names])
            joined, start = mx.distributed.all_sum(joined), 0
            for name in names:
                array = arrays[name]
                sums[name] = joined[start : start + array.size].reshape(array.shape)
                start += array.size
        return tree_unflatten([(name, sums[name]) for name in arrays])

    def of_first(self, arrays: dict[str, mx.array]) -> dict[str, mx.array]:
        """The first process's arrays, bit by bit; the others' are of the same shapes."""
        if self.size == 1:
            return arrays
        bits = {name: array.reshape(-1).view(mx.uint8) for name, array in arrays.items()}
        if not self.first:
            bits = tree_map(mx.zeros_like, bits)
        received: dict[str, mx.array] = {}
        for name, array in arrays.items():
            sent = mx.distributed.all_sum(bits[name])
            received[name] = sent.view(array.dtype).reshape(array.shape)
            # One after the other, so that one copy is in memory and not one of each.
            mx.eval(received[name])
        return received

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in one of the processes; waits for all of them."""
        if self.size == 1:
            return flag
        return bool(mx.distributed.all_sum(mx.array([int(flag)])).item())

    def wait(self) -> None:
        """Until all processes are here."""
        self.any(False)

    def own(self, rows: int) -> slice:
        """Which of so many rows are this process's; they can be divided by the number of them."""
        share = rows // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def batches_in_turn(self, accumulate: int) -> int:
        """Of the batches of a step, as many as a process computes one after the other."""
        return -(-accumulate // self.size)


ALONE = ProcessGroup()


@cache
def process_group() -> ProcessGroup:
    """The processes that a launcher has started with this one; without one, it is alone.

    Raises:
        InputError: they do not reach one another.
    """
    if not launched():
        return ALONE
    try:
        group = mx.distributed.init()
    except RuntimeError as error:
        raise InputError(
            f"the processes of this run do not reach one another ({error}): check the addresses "
            f"of the host file, and that all of them have started"
        ) from None
    return ProcessGroup(group.rank(), group.size())
