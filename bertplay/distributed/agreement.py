"""All processes of a run begin, or none does."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import mlx.core as mx
import numpy as np

from bertplay.data.batch_size import BatchSize
from bertplay.data.errors import InputError
from bertplay.distributed.lost_process import is_lost_process, lost
from bertplay.distributed.process_group import ProcessGroup, process_group

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


class SharedInputError(InputError):
    """Wrong input or options that every process of the run has been told of."""


def together(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """An `InputError` of one process is raised in all of them.

    The others meet it in the next `exchange`, so there must be one before what is not an exchange.
    """

    @wraps(function)
    def call(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        group = process_group()
        try:
            return function(*args, **kwargs)
        except SharedInputError:
            raise
        except InputError as error:
            if group.size > 1:
                exchange(group, str(error), failed=True)
            raise

    return call


def exchange(group: ProcessGroup, text: str, *, failed: bool = False) -> list[str]:
    """The texts of all processes in their order, of which this one is `text`.

    Args:
        group: the processes.
        text: of this one.
        failed: whether it is the message of an error that ends the run.

    Raises:
        SharedInputError: one of the processes failed; in all of them.
        ProcessLostError: one of them has ended.
    """
    payload = text.encode()
    try:
        heads = np.array(group.gathered(mx.array([[int(failed), len(payload)]])))
        padded = np.zeros((1, max(int(heads[:, 1].max()), 1)), dtype=np.uint8)
        padded[0, : len(payload)] = np.frombuffer(payload, dtype=np.uint8)
        rows = np.array(group.gathered(mx.array(padded)))
    except RuntimeError as error:
        if is_lost_process(error):
            raise lost(error, "nothing was trained: see what that process says") from None
        raise
    lengths = heads[:, 1].tolist()
    texts = [row[:length].tobytes().decode() for row, length in zip(rows, lengths, strict=True)]
    if heads[:, 0].any():
        rank = int(heads[:, 0].argmax())
        where = f"process {rank + 1} of {group.size}: " if rank else ""
        raise SharedInputError(f"{where}{texts[rank]}")
    return texts


def from_first(group: ProcessGroup, make: Callable[[], str]) -> str:
    """The text that the first process makes; the others do not make one.

    Raises:
        SharedInputError: making it raised `InputError`, if the caller is `together`.
    """
    if group.size == 1:
        return make()
    return exchange(group, make() if group.first else "")[0]


def require_same(group: ProcessGroup, facts: Mapping[str, Any]) -> None:
    """Check that all processes have the same facts, such as options and hashes of tables.

    Raises:
        SharedInputError: one has others than the first; names it and them.
    """
    if group.size == 1:
        return
    own = {name: json.dumps(value, default=str) for name, value in facts.items()}
    first, *others = map(json.loads, exchange(group, json.dumps(own)))
    for rank, other in enumerate(others, start=2):
        names = [name for name in sorted({**first, **other}) if first.get(name) != other.get(name)]
        if names:
            raise SharedInputError(
                f"process {rank} of {group.size} differs from the first in {', '.join(names)}: "
                f"give all of them the same files and options"
            )


def require_divisible(group: ProcessGroup, size: BatchSize) -> None:
    """Check that the rows of a step can be divided over the processes.

    Args:
        group: the processes.
        size: of the batches of a step.

    Raises:
        InputError: they cannot; says what can.
    """
    if group.size == 1:
        return
    if size.max_tokens is not None:
        raise InputError(
            "max_tokens makes batches of different sizes, which cannot be divided over several "
            "processes: give batch_size instead"
        )
    batch_size, accumulate = size.rows, size.batches
    parts = group.size * group.batches_in_turn(accumulate)
    if batch_size * accumulate % parts:
        unit = parts // math.gcd(parts, accumulate)
        fitting = batch_size + unit - batch_size % unit
        raise InputError(
            f"the {batch_size * accumulate} rows of a step cannot be divided over {group.size} "
            f"processes: give --batch-size {fitting}, or another multiple of {unit}"
        )
