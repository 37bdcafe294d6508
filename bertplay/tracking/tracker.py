"""What takes figures to a tracker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Tracker(Protocol):
    """One run in a tracker.

    Attributes:
        identity: by which a resumed run finds it again; None where its folder is enough.
    """

    identity: str | None

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Take figures at an optimizer step."""

    def close(self, *, finished: bool) -> None:
        """Write what is left; whether the training ended as it should."""


@dataclass(frozen=True)
class TrackedRun:
    """What a tracker is told of a run when it starts.

    Attributes:
        folder: the run directory; its name is the run's.
        options: as config.yaml has them.
        first_step: optimizer steps that are done already, where a run goes on.
        identity: of the tracker's run to go on with; None starts one.
    """

    folder: Path
    options: Mapping[str, Any]
    first_step: int = 0
    identity: str | None = None
