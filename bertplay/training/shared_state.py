"""The state to go on from, in all processes of a run; only the first can read it."""

from __future__ import annotations

import json
from typing import Any

import mlx.core as mx

from bertplay.distributed.agreement import from_first
from bertplay.distributed.process_group import ProcessGroup
from bertplay.training.loop_state import LoopState


def state_of_first(group: ProcessGroup, state: LoopState | None) -> LoopState | None:
    """The first process's state in each process, bit by bit; what the others give is ignored."""
    if group.size == 1:
        return state
    contents = json.loads(from_first(group, lambda: json.dumps(_contents(state))))
    if contents is None:
        return None
    shapes: dict[str, dict[str, Any]] = contents["arrays"]
    arrays = {
        part: group.of_first(
            dict(state.arrays[part])
            if group.first and state is not None
            else {name: mx.zeros(shape, _dtype(dtype)) for name, (shape, dtype) in of.items()}
        )
        for part, of in shapes.items()
    }
    return LoopState(arrays, contents["facts"])


def _contents(state: LoopState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    shapes = {
        part: {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
        for part, arrays in state.arrays.items()
    }
    return {"arrays": shapes, "facts": dict(state.facts)}


def _dtype(name: str) -> mx.Dtype:
    """Of what `str` gives for it, such as `mlx.core.float32`."""
    dtype: mx.Dtype = getattr(mx, name.rsplit(".", 1)[-1])
    return dtype
