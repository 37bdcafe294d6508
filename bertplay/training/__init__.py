"""Training: options in, run directory out."""

from bertplay.training.failures import TrainingFailedError, TrainingInterruptedError
from bertplay.training.resuming import resume
from bertplay.training.run import train
from bertplay.training.view import EpochRecord, Plan, SilentView

__all__ = [
    "EpochRecord",
    "Plan",
    "SilentView",
    "TrainingFailedError",
    "TrainingInterruptedError",
    "resume",
    "train",
]
