"""Losses that change as training proceeds: the share of the change that is done, from progress."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np

from bertplay.losses.argument_checks import check_fraction, require
from bertplay.losses.configured import ConfiguredLoss
from bertplay.losses.specification import (
    LossOption,
    LossSpec,
    ResolvedOption,
    choice_option,
    fraction_option,
)

START = fraction_option("start", 0.0, "Training progress, 0 to 1, at which the change begins.")
END = fraction_option("end", 1.0, "Training progress, 0 to 1, at which the change is complete.")
RAMP = choice_option(
    "ramp",
    "linear",
    "Shape of the change; step changes all at start, whatever end is.",
    ("linear", "cosine", "step"),
)
SCHEDULE: tuple[LossOption, ...] = (START, END, RAMP)
"""The options of every loss that changes as training proceeds."""


class ScheduledLoss(ConfiguredLoss):
    """A loss whose function takes `mix`, the share s of a change, which rises with progress.

    With `t = clip((progress - start) / (end - start), 0, 1)`, `s = t` (linear) or
    `s = (1 - cos(pi t)) / 2` (cosine): exactly 0 up to `start`, exactly 1 from `end` on. With the
    ramp "step", s is 0 below `start` and 1 from there on. progress is an array in the module,
    saved and restored with the model; `set_progress` moves it, inside a compiled step too.

    Args:
        spec: of the loss, with the options of `SCHEDULE` among its own.
        options: as of `ConfiguredLoss`.
        **counts: class_counts and num_classes, as of `ConfiguredLoss`.

    Raises:
        ValueError: as `ConfiguredLoss`; start is not below end, and ramp is not "step".
    """

    def __init__(self, spec: LossSpec, options: dict[str, Any] | None = None, **counts: Any):
        super().__init__(spec, options, **counts)
        self.progress = mx.array(0.0)

    @property
    def mix(self) -> mx.array:
        """The share s of the change that is done: a float32 scalar from 0 to 1."""
        if self.ramp == "step":
            return mx.where(self.progress >= self.start, 1.0, 0.0)
        t = mx.clip((self.progress - self.start) / (self.end - self.start), 0.0, 1.0)
        if self.ramp == "linear":
            return t
        # Exact at the ends, whatever the device's cosine.
        return mx.where(t < 1.0, mx.where(t > 0.0, (1.0 - mx.cos(mx.pi * t)) / 2.0, 0.0), 1.0)

    def schedule(self) -> dict[str, mx.array]:
        """What the schedule has reached, by name, as scalars on the device: `mix`."""
        return {"mix": self.mix}

    def set_progress(self, progress: mx.array | float) -> None:
        """Say how much of training is done, from 0 to 1.

        An array is not looked at, so that this waits for nothing and works inside a compiled step
        (which must have the model's state among its outputs); outside [0, 1] it acts as 0 or 1.

        Raises:
            ValueError: progress is a number outside [0, 1], or an array that is no scalar.
        """
        if isinstance(progress, mx.array):
            require(
                progress.ndim == 0,
                f"progress has shape {progress.shape}: expected a scalar from 0 to 1",
            )
        else:
            check_fraction("progress", progress)
        self.progress = mx.array(progress, dtype=mx.float32)

    def _arguments(self) -> dict[str, Any]:
        spent = {option.name for option in SCHEDULE}
        arguments = super()._arguments()
        return {"mix": self.mix, **{k: v for k, v in arguments.items() if k not in spent}}

    def _resolve(self, options: dict[str, Any]) -> dict[str, ResolvedOption]:
        if not options.keys().isdisjoint({"start", "end"}):
            span: dict[str, Any] = {
                name: options[name] if name in options else getattr(self, name)
                for name in ("start", "end")
            }
            for name, value in span.items():
                check_fraction(name, value)
            # As they are held: two numbers may be the same float32.
            start, end = (float(np.float32(float(value))) for value in span.values())
            require(
                start < end or options.get("ramp", getattr(self, "ramp", None)) == "step",
                f"start is {start:g} and end is {end:g}: start must be below end",
            )
        return super()._resolve(options)
