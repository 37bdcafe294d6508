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
from bertplay.losses.long_tail import balanced_softmax_loss, ldam_loss, logit_adjusted_loss
from bertplay.losses.noisy_labels import generalised_cross_entropy
from bertplay.losses.poly import poly1_loss
from bertplay.losses.prior import resolve_prior
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
    "balanced_softmax_loss",
    "balanced_weights",
    "cross_entropy",
    "distillation_loss",
    "effective_weights",
    "focal_loss",
    "focal_smooth_loss",
    "generalised_cross_entropy",
    "get_loss",
    "label_smoothing_loss",
    "ldam_loss",
    "logit_adjusted_loss",
    "poly1_loss",
    "r_drop_divergence",
    "resolve_class_weights",
    "resolve_prior",
    "weighted_cross_entropy",
]
