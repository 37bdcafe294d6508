"""Modules whose arrays are options, not weights."""

from __future__ import annotations

import mlx.nn as nn


class Untrained(nn.Module):
    """A module whose own arrays are frozen for good, but for those named in `trained`.

    Neither an optimizer nor `unfreeze` touches them; the modules inside it are as they are.
    """

    trained: frozenset[str] = frozenset()

    @property
    def _no_grad(self) -> set[str]:
        # A model's unfreeze() clears this set in every module without asking the module
        # (mlx 0.32), so the arrays are named again on every look.
        return set(self) - self.trained

    @_no_grad.setter
    def _no_grad(self, names: set[str]) -> None:
        """Everything is frozen whatever nn.Module sets."""
