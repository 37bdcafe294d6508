"""The whole state of an unfinished distillation: a killed run goes on from it, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from bertplay.atomic_files import write_folder, write_json
from bertplay.data.errors import InputError
from bertplay.named_arrays import named_arrays
from bertplay.optimizers.grouped import GroupedOptimizer

FOLDER = "checkpoint"

_WEIGHTS, _OPTIMIZER, _FACTS = "weights.safetensors", "optimizer.safetensors", "state.json"


@dataclass(frozen=True)
class Position:
    """How far a distillation has come.

    Attributes:
        step: steps done.
        seconds: that they took, over all starts.
        history: the comparisons so far.
    """

    step: int
    seconds: float
    history: tuple[dict[str, float], ...]


def save_state(
    out: Path,
    learner: nn.Module,
    optimizer: GroupedOptimizer,
    position: Position,
    facts: Mapping[str, Any],
) -> None:
    """Write the state as a whole, or leave the one before."""

    def write(folder: Path) -> None:
        mx.save_safetensors(str(folder / _WEIGHTS), named_arrays(learner.parameters()))
        mx.save_safetensors(str(folder / _OPTIMIZER), named_arrays(optimizer.state))
        values = {
            "step": position.step,
            "seconds": position.seconds,
            "history": list(position.history),
            "run": dict(facts),
        }
        write_json(folder / _FACTS, values)

    write_folder(out / FOLDER, write)


def load_state(
    out: Path, learner: nn.Module, optimizer: GroupedOptimizer, facts: Mapping[str, Any]
) -> Position:
    """Put a stored state into learner and optimizer; where there is none, leave them as they are.

    Call it before the training step is compiled, which would keep the arrays that it saw.

    Args:
        out: the folder of the distillation.
        learner: with the same parameters.
        optimizer: initialised.
        facts: what decides the run, to compare with the stored ones.

    Raises:
        InputError: the state belongs to another run, or is damaged.
    """
    folder = out / FOLDER
    if not folder.is_dir():
        return Position(0, 0.0, ())
    try:
        stored = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        differing = sorted(
            name for name in facts if stored["run"].get(name) != json.loads(json.dumps(facts[name]))
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise InputError(
            f"{folder / _FACTS} is damaged ({error}): start again with --overwrite"
        ) from None
    if differing:
        raise InputError(
            f"--out {out} holds an unfinished distillation with another {differing[0]}: go on with "
            f"the same options, or start again with --overwrite"
        )
    learner.load_weights(str(folder / _WEIGHTS))
    optimizer.state = _arrays(folder / _OPTIMIZER)
    mx.eval(learner.parameters(), optimizer.state)
    return Position(stored["step"], stored["seconds"], tuple(stored["history"]))


def _arrays(path: Path) -> dict[str, mx.array]:
    loaded = mx.load(str(path))
    assert isinstance(loaded, dict)
    return loaded
