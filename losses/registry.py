"""Every loss by the name that the command line, Python and YAML use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bertplay.losses.adaptive import ADAPTIVE, AdaptiveLoss
from bertplay.losses.argument_checks import require, require_known
from bertplay.losses.class_counts import ClassCounts
from bertplay.losses.configured import ConfiguredLoss
from bertplay.losses.cross_entropy import (
    cross_entropy,
    label_smoothing_loss,
    weighted_cross_entropy,
)
from bertplay.losses.curriculum import (
    CURRICULUM,
    PLACES,
    CurriculumLoss,
    divided_options,
    naming,
)
from bertplay.losses.focal import focal_loss, focal_smooth_loss
from bertplay.losses.focal_schedule import FOCAL_SCHEDULE, FocalScheduleLoss
from bertplay.losses.long_tail import balanced_softmax_loss, ldam_loss, logit_adjusted_loss
from bertplay.losses.multi_label_specs import MULTI_LABEL_LOSSES
from bertplay.losses.noisy_labels import generalised_cross_entropy
from bertplay.losses.overlap import dice_loss, tversky_loss
from bertplay.losses.poly import poly1_loss
from bertplay.losses.regression_specs import REGRESSION_LOSSES
from bertplay.losses.specification import (
    ALPHA,
    CLASS_WEIGHTS,
    EPSILON,
    EXPONENT,
    FALSE_NEGATIVE_WEIGHT,
    FALSE_POSITIVE_WEIGHT,
    GAMMA,
    MARGIN_CLASS_WEIGHTS,
    MAX_MARGIN,
    PRIOR,
    SCALE,
    SMOOTH,
    SMOOTHING,
    TAU,
    LossKind,
    LossSpec,
)

_SPECS = (
    LossSpec("ce", "Cross-entropy: every row counts alike.", cross_entropy),
    LossSpec(
        "weighted_ce",
        "Cross-entropy in which rare classes weigh more.",
        weighted_cross_entropy,
        (CLASS_WEIGHTS,),
    ),
    LossSpec(
        "label_smoothing",
        "Cross-entropy against targets that are never quite certain.",
        label_smoothing_loss,
        (SMOOTHING,),
    ),
    LossSpec(
        "focal",
        "Cross-entropy that fades for rows the model already gets right.",
        focal_loss,
        (GAMMA, ALPHA),
    ),
    LossSpec(
        "focal_smooth",
        "Focal loss against targets that are never quite certain.",
        focal_smooth_loss,
        (GAMMA, ALPHA, SMOOTHING),
    ),
    ADAPTIVE,
    CURRICULUM,
    FOCAL_SCHEDULE,
    LossSpec(
        "logit_adjusted",
        "Cross-entropy with the classes' shares added to the logits.",
        logit_adjusted_loss,
        (PRIOR, TAU),
    ),
    LossSpec(
        "balanced_softmax",
        "Cross-entropy of a softmax weighted by the classes' rows.",
        balanced_softmax_loss,
        (PRIOR,),
    ),
    LossSpec(
        "ldam",
        "Cross-entropy with larger margins for rarer classes.",
        ldam_loss,
        (PRIOR, MAX_MARGIN, SCALE, MARGIN_CLASS_WEIGHTS),
    ),
    LossSpec(
        "poly1",
        "Cross-entropy that keeps more of the gradient of rows nearly right.",
        poly1_loss,
        (EPSILON,),
    ),
    LossSpec(
        "gce",
        "Bounded cross-entropy, for labels of which some are wrong.",
        generalised_cross_entropy,
        (EXPONENT,),
    ),
    LossSpec(
        "dice",
        "1 minus the soft F1 of each class over the batch.",
        dice_loss,
        (SMOOTH,),
        of_batch=True,
    ),
    LossSpec(
        "tversky",
        "Dice with weights for false positives and false negatives.",
        tversky_loss,
        (FALSE_POSITIVE_WEIGHT, FALSE_NEGATIVE_WEIGHT, SMOOTH),
        of_batch=True,
    ),
)

LOSSES: Mapping[str, LossSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
ALL_LOSSES: Mapping[str, LossSpec] = MappingProxyType(
    {**LOSSES, **MULTI_LABEL_LOSSES, **REGRESSION_LOSSES}
)

_KINDS: Mapping[LossKind, str] = {
    "single_label": "single-label classes",
    "multi_label": "multi-label classes",
    "regression": "regression",
}

_SCHEDULED = [spec.name for spec in (ADAPTIVE, CURRICULUM, FOCAL_SCHEDULE)]
_WITHOUT_SCHEDULE = [name for name in LOSSES if name not in _SCHEDULED]


def get_loss(
    name: str,
    *,
    kind: LossKind | None = None,
    class_counts: ClassCounts | None = None,
    num_classes: int | None = None,
    **options: Any,
) -> ConfiguredLoss:
    """The loss of that name with its options: a module, `loss(logits, targets) -> scalar`.

    Example:
        >>> loss = get_loss("focal_smooth", gamma=2.0, smoothing=0.1)
        >>> weighted = get_loss("weighted_ce", class_counts=[809, 500])
        >>> numbers = get_loss("huber", delta=0.5, kind="regression")

    Args:
        name: a key of `ALL_LOSSES`.
        kind: what the loss must be for: "single_label" (`LOSSES`), "multi_label"
            (`MULTI_LABEL_LOSSES`) or "regression" (`REGRESSION_LOSSES`); None takes any.
        class_counts: `[C]`, training rows of each class; for weights "balanced" (the default of
            weighted_ce and adaptive) and "effective".
        num_classes: C; None takes it from class_counts where there are some.
        **options: those of the loss, see `ALL_LOSSES[name].options`; of a curriculum also those of
            its two losses, as `**{"second.gamma": 2.0}`.

    Raises:
        ValueError: the name or an option is unknown (the nearest and all known ones are named), the
            loss is of another kind (those of the kind are named), a value is outside its range, or
            weights are to be counted and there are no class_counts.
    """
    require_options(name, options)
    spec = ALL_LOSSES[name]
    if kind is not None:
        require_known("kind is", kind, _KINDS)
        require(
            spec.kind == kind,
            f"loss {name!r} is for {_KINDS[spec.kind]}, expected one of "
            f"{', '.join(known for known, other in ALL_LOSSES.items() if other.kind == kind)}",
        )
    counts: dict[str, Any] = {"class_counts": class_counts, "num_classes": num_classes}
    if spec is ADAPTIVE:
        return AdaptiveLoss(**counts, **options)
    if spec is FOCAL_SCHEDULE:
        return FocalScheduleLoss(**counts, **options)
    if spec is not CURRICULUM:
        return ConfiguredLoss(spec, options, **counts)
    own, *of_parts = divided_options(options, _parts(options))
    parts = []
    for place, part_options in zip(PLACES, of_parts, strict=True):
        part = own.pop(place.name, place.default)
        with naming(place.name):
            parts.append(get_loss(part, **counts, **part_options))
    return CurriculumLoss(*parts, **own)


def require_options(name: str, options: Mapping[str, Any]) -> None:
    """Raise `ValueError` unless there is a loss of that name, and it has these options."""
    require_known("unknown loss", name, ALL_LOSSES)
    if ALL_LOSSES[name] is CURRICULUM:
        divided_options(options, _parts(options))
        return
    for option in options:
        ALL_LOSSES[name].option(option)


def _parts(options: Mapping[str, Any]) -> list[LossSpec]:
    """The two losses of a curriculum with these options."""
    parts = [options.get(place.name, place.default) for place in PLACES]
    for place, part in zip(PLACES, parts, strict=True):
        require(
            part not in _SCHEDULED,
            f"{place.name} is {part!r}, which has a schedule of its own: choose from "
            f"{', '.join(_WITHOUT_SCHEDULE)}",
        )
        require_known(f"{place.name} is", part, _WITHOUT_SCHEDULE)
    return [LOSSES[part] for part in parts]
