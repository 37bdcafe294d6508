"""Training: options in, run directory out."""

from bertplay.training.failures import TrainingFailedError, TrainingInterruptedError
from bertplay.training.finding_lr import SilentLrFindView, lr_find
from bertplay.training.resuming import resume
from bertplay.training.run import train
from bertplay.training.step_memory import StepMemory
from bertplay.training.trial_run import preflight
from bertplay.training.view import EpochRecord, Plan, SilentView

__all__ = [
    "EpochRecord",
    "Plan",
    "SilentLrFindView",
    "SilentView",
    "StepMemory",
    "TrainingFailedError",
    "TrainingInterruptedError",
    "lr_find",
    "preflight",
    "resume",
    "train",
]
