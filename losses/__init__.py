"""Losses for imbalanced classes: pure functions, and modules that carry their options.

`LOSSES` lists those of one class a row by the names of the command line, `MULTI_LABEL_LOSSES` and
`REGRESSION_LOSSES` those of other targets, `ALL_LOSSES` all; `get_loss` makes one from its name.
"""

from bertplay.losses.adaptive import AdaptiveLoss, adaptive_loss
from bertplay.losses.class_weights import (
    balanced_weights,
    effective_weights,
    resolve_class_weights,
)
from bertplay.losses.composite import CompositeLoss
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
from bertplay.losses.loss_term import LossTerm
from bertplay.losses.multi_label import (
    asymmetric_loss,
    binary_cross_entropy,
    sigmoid_focal_loss,
)
from bertplay.losses.multi_label_specs import MULTI_LABEL_LOSSES
from bertplay.losses.noisy_labels import generalised_cross_entropy
from bertplay.losses.overlap import dice_loss, tversky_loss
from bertplay.losses.poly import poly1_loss
from bertplay.losses.prior import resolve_prior
from bertplay.losses.probabilities import consistency_loss, probability_cross_entropy
from bertplay.losses.r_drop import r_drop_divergence
from bertplay.losses.ranking import listnet_loss, pairwise_margin_loss
from bertplay.losses.recipes import (
    emotion_engine_loss,
    keyboard_loss,
    match_events_loss,
    search_loss,
)
from bertplay.losses.registry import ALL_LOSSES, LOSSES, get_loss
from bertplay.losses.regression import concordance_loss, huber_loss, mean_squared_error
from bertplay.losses.regression_specs import REGRESSION_LOSSES
from bertplay.losses.similarity import (
    contrastive_loss,
    info_nce_loss,
    region_contrast_loss,
    supervised_contrastive_loss,
)
from bertplay.losses.specification import LossOption, LossSpec
from bertplay.losses.task_weighting import (
    FixedTaskWeights,
    GradientTaskWeights,
    UncertaintyTaskWeights,
    bounded_weights,
)
from bertplay.losses.validation_weights import validation_weights

__all__ = [
    "ALL_LOSSES",
    "LOSSES",
    "MULTI_LABEL_LOSSES",
    "REGRESSION_LOSSES",
    "AdaptiveLoss",
    "CompositeLoss",
    "ConfiguredLoss",
    "CurriculumLoss",
    "FixedTaskWeights",
    "FocalScheduleLoss",
    "GradientTaskWeights",
    "LossOption",
    "LossSpec",
    "LossTerm",
    "UncertaintyTaskWeights",
    "adaptive_loss",
    "asymmetric_loss",
    "balanced_softmax_loss",
    "balanced_weights",
    "binary_cross_entropy",
    "bounded_weights",
    "concordance_loss",
    "consistency_loss",
    "contrastive_loss",
    "cross_entropy",
    "curriculum_loss",
    "dice_loss",
    "distillation_loss",
    "effective_weights",
    "emotion_engine_loss",
    "focal_loss",
    "focal_schedule_loss",
    "focal_smooth_loss",
    "generalised_cross_entropy",
    "get_loss",
    "huber_loss",
    "info_nce_loss",
    "keyboard_loss",
    "label_smoothing_loss",
    "ldam_loss",
    "listnet_loss",
    "load_balancing_loss",
    "logit_adjusted_loss",
    "match_events_loss",
    "mean_squared_error",
    "pairwise_margin_loss",
    "poly1_loss",
    "probability_cross_entropy",
    "r_drop_divergence",
    "region_contrast_loss",
    "resolve_class_weights",
    "resolve_prior",
    "search_loss",
    "sigmoid_focal_loss",
    "supervised_contrastive_loss",
    "tversky_loss",
    "validation_weights",
    "weighted_cross_entropy",
]
