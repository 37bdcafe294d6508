"""Losses for imbalanced classes: pure functions, and modules that carry their options.

`LOSSES` lists them by the names of the command line; `get_loss` makes one from its name.
"""

from bertplay.losses.adaptive import AdaptiveLoss, adaptive_loss
from bertplay.losses.class_weights import (
    balanced_weights,
    effective_weights,
    resolve_class_weights,
)
from bertplay.losses.configured import ConfiguredLoss
from bertplay.losses.cross_entropy import (
    cross_entropy,
    label_smoothing_loss,
    weighted_cross_entropy,
)
from bertplay.losses.distillation import distillation_loss
from bertplay.losses.focal import focal_loss, focal_smooth_loss
from bertplay.losses.r_drop import r_drop_divergence
from bertplay.losses.registry import LOSSES, get_loss
from bertplay.losses.specification import LossOption, LossSpec

__all__ = [
    "LOSSES",
    "AdaptiveLoss",
    "ConfiguredLoss",
    "LossOption",
    "LossSpec",
    "adaptive_loss",
    "balanced_weights",
    "cross_entropy",
    "distillation_loss",
    "effective_weights",
    "focal_loss",
    "focal_smooth_loss",
    "get_loss",
    "label_smoothing_loss",
    "r_drop_divergence",
    "resolve_class_weights",
    "weighted_cross_entropy",
]
