"""Training: options in, run directory out."""

from bertplay.training.failures import TrainingFailedError, TrainingInterruptedError
from bertplay.training.resuming import resume
from bertplay.training.run import train
from bertplay.training.step_memory import StepMemory
from bertplay.training.trial_run import preflight
from bertplay.training.view import EpochRecord, Plan, SilentView

__all__ = [
    "EpochRecord",
    "Plan",
    "SilentView",
    "StepMemory",
    "TrainingFailedError",
    "TrainingInterruptedError",
    "preflight",
    "resume",
    "train",
]
