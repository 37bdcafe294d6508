"""The trackers that `--track` knows, and whether their libraries are there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from bertplay.data.errors import InputError

TRACKERS = ("tensorboard", "wandb", "mlflow")
"""Each is the name of its library and of the extra that installs it."""


def require_libraries(trackers: Sequence[str]) -> None:
    """Raise `InputError` where the library of a tracker is not installed."""
    for name in trackers:
        found = find_spec(name)
        # A plain folder of that name, as wandb leaves one behind, is found too.
        if found is None or found.origin is None:
            raise InputError(
                f"--track {name} needs the package {name}, which is not installed: "
                f"pip install 'bertplay[{name}]'"
            )
