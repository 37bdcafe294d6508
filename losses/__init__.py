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
from bertplay.losses.curriculum import CurriculumLoss, curriculum_loss
from bertplay.losses.distillation import distillation_loss
from bertplay.losses.focal import focal_loss, focal_smooth_loss
from bertplay.losses.focal_schedule import FocalScheduleLoss, focal_schedule_loss
from bertplay.losses.load_balancing import load_balancing_loss
from bertplay.losses.long_tail import balanced_softmax_loss, ldam_loss, logit_adjusted_loss
from bertplay.losses.multi_label import (
    asymmetric_loss,
    binary_cross_entropy,
    sigmoid_focal_loss,
)
from bertplay.losses.noisy_labels import generalised_cross_entropy
from bertplay.losses.overlap import dice_loss, tversky_loss
from bertplay.losses.poly import poly1_loss
from bertplay.losses.prior import resolve_prior
from bertplay.losses.r_drop import r_drop_divergence
from bertplay.losses.ranking import listnet_loss, pairwise_margin_loss
from bertplay.losses.registry import LOSSES, get_loss
from bertplay.losses.regression import concordance_loss, huber_loss, mean_squared_error
from bertplay.losses.similarity import (
    contrastive_loss,
    info_nce_loss,
    supervised_contrastive_loss,
)
from bertplay.losses.specification import LossOption, LossSpec

__all__ = [
    "LOSSES",
    "AdaptiveLoss",
    "ConfiguredLoss",
    "CurriculumLoss",
    "FocalScheduleLoss",
    "LossOption",
    "LossSpec",
    "adaptive_loss",
    "asymmetric_loss",
    "balanced_softmax_loss",
    "balanced_weights",
    "binary_cross_entropy",
    "concordance_loss",
    "contrastive_loss",
    "cross_entropy",
    "curriculum_loss",
    "dice_loss",
    "distillation_loss",
    "effective_weights",
    "focal_loss",
    "focal_schedule_loss",
    "focal_smooth_loss",
    "generalised_cross_entropy",
    "get_loss",
    "huber_loss",
    "info_nce_loss",
    "label_smoothing_loss",
    "ldam_loss",
    "listnet_loss",
    "load_balancing_loss",
    "logit_adjusted_loss",
    "mean_squared_error",
    "pairwise_margin_loss",
    "poly1_loss",
    "r_drop_divergence",
    "resolve_class_weights",
    "resolve_prior",
    "sigmoid_focal_loss",
    "supervised_contrastive_loss",
    "tversky_loss",
    "weighted_cross_entropy",
]
