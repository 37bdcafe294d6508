"""The named losses for rows with any number of labels, and their options."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import mlx.core as mx

from bertplay.losses.argument_checks import check_at_least, check_below_one, check_fraction
from bertplay.losses.class_counts import ClassCounts
from bertplay.losses.multi_label import (
    asymmetric_loss,
    binary_cross_entropy,
    resolve_pos_weight,
    sigmoid_focal_loss,
)
from bertplay.losses.specification import GAMMA, LossOption, LossSpec, number_option


def _resolve_pos_weight(
    value: Any, counts: ClassCounts | None, classes: int | None
) -> mx.array | None:
    weights = resolve_pos_weight(value, len(counts) if counts is not None else classes)
    if classes is None:
        return weights
    # One shape from the start, so that setting weights later is no new trace of a compiled step.
    return mx.ones(classes) if weights is None else mx.broadcast_to(weights, (classes,))


def _resolve_alpha(
    value: Any, _counts: ClassCounts | None, _classes: int | None
) -> mx.array | None:
    if value is None:
        return None
    check_fraction("alpha", value)
    return mx.array(value, dtype=mx.float32)


POS_WEIGHT = LossOption(
    "pos_weight",
    None,
    "What a yes counts, a no counts 1: none for 1, one number, or one per class.",
    _resolve_pos_weight,
)
YES_ALPHA = LossOption(
    "alpha", 0.25, "What a yes counts, a no counts 1 - alpha; none leaves both out.", _resolve_alpha
)
GAMMA_POSITIVE = number_option(
    "gamma_positive",
    1.0,
    "Focusing exponent of a yes, at least 0.",
    lambda value: check_at_least("gamma_positive", value, 0.0),
)
GAMMA_NEGATIVE = number_option(
    "gamma_negative",
    4.0,
    "Focusing exponent of a no, at least 0; larger fades an easy no more.",
    lambda value: check_at_least("gamma_negative", value, 0.0),
)
MARGIN = number_option(
    "margin",
    0.05,
    "Probability below which a no is right enough, in [0, 1).",
    lambda value: check_below_one("margin", value),
)

_SPECS = (
    LossSpec(
        "bce",
        "Binary cross-entropy: every answer, yes or no, counts alike.",
        binary_cross_entropy,
        (POS_WEIGHT,),
        kind="multi_label",
    ),
    LossSpec(
        "focal_bce",
        "Binary cross-entropy that fades for answers already right.",
        sigmoid_focal_loss,
        (GAMMA, YES_ALPHA),
        kind="multi_label",
    ),
    LossSpec(
        "asymmetric",
        "Binary cross-entropy in which an easy no fades more than an easy yes.",
        asymmetric_loss,
        (GAMMA_POSITIVE, GAMMA_NEGATIVE, MARGIN),
        kind="multi_label",
    ),
)

MULTI_LABEL_LOSSES: Mapping[str, LossSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
