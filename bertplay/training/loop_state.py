"""Everything that a training loop needs to go on as if it had never stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np

from bertplay.checks.result import CheckResult
from bertplay.checks.stretch import Stretch
from bertplay.training.epoch_totals import EpochTotals
from bertplay.training.view import EpochRecord

Arrays = Mapping[str, mx.array]

OUTPUTS = "outputs"


@dataclass(frozen=True)
class LoopState:
    """A training loop between two steps.

    There are no seeds in it: the order of an epoch depends on the run's seed and the epoch, and
    dropout on the seed and the step.

    Attributes:
        arrays: by the names of what they belong to: `weights` and `optimizer`; where there is one,
            `average`; once an epoch is finished, `kept`, the weights of the epoch that would become
            the model, and `outputs` of the validation rows at that epoch. Each is a mapping of
            names to arrays.
        facts: numbers and records, ready for JSON.
    """

    arrays: Mapping[str, Arrays]
    facts: Mapping[str, Any]

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.facts["step"])


@dataclass
class Position:
    """Where a loop stands; all of it goes into the facts of a `LoopState`.

    Attributes:
        epoch: that is being trained, counted from 1; one more than the last when all is done.
        batch: steps of it that are done.
        step: steps done in all.
        train_seconds: steps and their preparation, over all starts.
        epoch_seconds: those of this epoch.
        totals: sums over the steps of this epoch.
    """

    epoch: int
    batch: int
    step: int
    train_seconds: float
    epoch_seconds: float
    totals: EpochTotals

    @staticmethod
    def start() -> Position:
        """Before the first step."""
        return Position(1, 0, 0, 0.0, 0.0, EpochTotals())

    def next_epoch(self) -> None:
        """This epoch is trained and evaluated."""
        self.epoch, self.batch, self.epoch_seconds = self.epoch + 1, 0, 0.0
        self.totals = EpochTotals()

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**vars(self), "totals": self.totals.as_dict()}

    @staticmethod
    def from_dict(stored: Mapping[str, Any]) -> Position:
        """What `as_dict` gave; other keys are left out."""
        values = {name: stored[name] for name in Position.__dataclass_fields__}
        return Position(**{**values, "totals": EpochTotals.from_dict(stored["totals"])})


def restored_record(stored: Mapping[str, Any], figures: Any) -> EpochRecord[Any]:
    """The record whose `as_dict` gave this; `figures` are those of its validation, restored."""
    values = dict(stored)
    del values["gradient_norms"]  # a mean over the stretches
    values["stretches"] = tuple(Stretch(**stretch) for stretch in values["stretches"])
    values["checks"] = tuple(CheckResult(**check) for check in values["checks"])
    return EpochRecord(**{"train_figures": {}, **values, "validation": figures})


def output_arrays(outputs: Any) -> dict[str, mx.array]:
    """A model's outputs of rows, NumPy's, by name: one array, or one for each task."""
    if isinstance(outputs, Mapping):
        return {f"{OUTPUTS}.{task}": mx.array(values) for task, values in outputs.items()}
    return {OUTPUTS: mx.array(outputs)}


def restored_outputs(arrays: Arrays) -> Any:
    """What `output_arrays` was given."""
    if set(arrays) == {OUTPUTS}:
        return np.array(arrays[OUTPUTS])
    prefix = f"{OUTPUTS}."
    return {name.removeprefix(prefix): np.array(values) for name, values in arrays.items()}
