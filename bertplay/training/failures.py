"""How training can end early."""

from __future__ import annotations


class TrainingFailedError(RuntimeError):
    """Training cannot go on; one sentence for the user, exit code 1."""


class TrainingInterruptedError(RuntimeError):
    """The user stopped training; one sentence that says what was kept, exit code 130."""
