"""A run in MLflow."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

from bertplay.tracking.tracker import TrackedRun

EXPERIMENT = "bertplay"
"""Where MLFLOW_EXPERIMENT_NAME names no other."""

_NOT_IN_NAMES = re.compile(r"[^\w\-. /:]")
_PARAMETERS_AT_ONCE = 100


class MlflowRun:
    """A `Tracker`; where it writes to, MLFLOW_TRACKING_URI says.

    Args:
        run: what is tracked.
    """

    def __init__(self, run: TrackedRun) -> None:
        self._client = MlflowClient()
        if run.identity is not None:
            self._client.update_run(run.identity, status="RUNNING")
            self.identity: str | None = run.identity
            return
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        experiment = self._client.get_experiment_by_name(name)
        number = (
            self._client.create_experiment(name) if experiment is None else experiment.experiment_id
        )
        self.identity = self._client.create_run(number, run_name=run.folder.name).info.run_id
        parameters = [Param(key, str(value)) for key, value in _flat(run.options)]
        for start in range(0, len(parameters), _PARAMETERS_AT_ONCE):
            self._client.log_batch(
                self.identity, params=parameters[start : start + _PARAMETERS_AT_ONCE]
            )

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Log figures at a step."""
        now = int(time.time() * 1000)
        metrics = [Metric(allowed(name), value, now, step) for name, value in figures.items()]
        self._client.log_batch(self.identity, metrics=metrics)

    def close(self, *, finished: bool) -> None:
        """Say how the run ended."""
        self._client.set_terminated(self.identity, "FINISHED" if finished else "FAILED")


def allowed(name: str) -> str:
    """A figure's name with the characters that MLflow refuses by their numbers: `don_x27_t`."""
    return _NOT_IN_NAMES.sub(lambda found: f"_x{ord(found.group()):x}_", name)


def _flat(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Options with those inside of others by names such as `loss_args.gamma`."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield allowed(f"{prefix}{name}"), value
