"""What is known of a loss besides its function: its name, its options, their help and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import mlx.core as mx

from bertplay.losses.argument_checks import (
    check_at_least,
    check_fraction,
    check_gamma,
    check_positive,
    check_smoothing,
    require_known,
)
from bertplay.losses.class_counts import ClassCounts
from bertplay.losses.class_weights import resolve_class_weights
from bertplay.losses.prior import resolve_prior

LossKind: TypeAlias = Literal["single_label", "multi_label", "regression"]
LossFunction: TypeAlias = Callable[..., mx.array]
ResolvedOption: TypeAlias = "mx.array | str | None"


@dataclass(frozen=True)
class LossOption:
    """One option of a loss: its name, default and help, and how its value is resolved.

    `resolve(value, class_counts, num_classes)` gives a float32 scalar, weights of shape `[C]`, a
    name, or None; it raises ValueError for a value outside its range.
    """

    name: str
    default: Any
    help: str
    resolve: Callable[[Any, ClassCounts | None, int | None], ResolvedOption]


@dataclass(frozen=True)
class LossSpec:
    """A loss as the registry holds it: name, description in one line, function and options.

    `function(logits, targets, *, **options, sample_weights, reduction)` takes logits `[N, C]` (or
    predictions `[N, D]`) and raises ValueError for arguments that do not fit. Where `of_batch` is
    true, the loss is no mean over rows but a figure of the whole batch, and reduction "none" gives
    one number a class. `kind` says what a target is: "single_label" (one class a row),
    "multi_label" (a yes or no for each class) or "regression" (numbers).
    """

    name: str
    description: str
    function: LossFunction
    options: tuple[LossOption, ...] = ()
    of_batch: bool = False
    kind: LossKind = "single_label"

    @property
    def takes_ignore_index(self) -> bool:
        """Whether a label can mark rows that do not count: targets that are no labels cannot."""
        return self.kind == "single_label"

    def option(self, name: str) -> LossOption:
        """The option of that name.

        Raises:
            ValueError: the loss has no such option; the nearest and all of them are named.
        """
        by_name = {option.name: option for option in self.options}
        require_known(f"loss {self.name!r} has no option", name, by_name)
        return by_name[name]


def number_option(
    name: str, default: float, text: str, check: Callable[[mx.array | float], None]
) -> LossOption:
    """An option that is one number."""

    def resolve(value: Any, _counts: ClassCounts | None, _classes: int | None) -> mx.array:
        check(value)
        return mx.array(value, dtype=mx.float32)

    return LossOption(name, default, text, resolve)


def fraction_option(name: str, default: float, text: str) -> LossOption:
    """An option that is one number from 0 to 1."""
    return number_option(name, default, text, lambda value: check_fraction(name, value))


def weights_option(name: str, default: str | None, text: str) -> LossOption:
    """An option that is one weight per class."""

    def resolve(value: Any, counts: ClassCounts | None, classes: int | None) -> mx.array | None:
        weights = resolve_class_weights(value, counts, classes, name=name)
        if weights is None and classes is not None:
            # The array is there from the start, so that setting weights later adds no input to
            # a compiled step.
            return mx.ones(classes)
        return weights

    return LossOption(name, default, text, resolve)


def choice_option(name: str, default: str, text: str, choices: tuple[str, ...]) -> LossOption:
    """An option that is one of a few names."""

    def resolve(value: Any, _counts: ClassCounts | None, _classes: int | None) -> str:
        require_known(f"{name} is", value, choices)
        return str(value)

    return LossOption(name, default, text, resolve)


def prior_option() -> LossOption:
    """An option that is the classes' shares of the training rows."""

    def resolve(value: Any, counts: ClassCounts | None, classes: int | None) -> mx.array:
        return resolve_prior(value, counts, classes)

    text = "Shares of the classes: counts (of the training labels), or one number per class."
    return LossOption("prior", "counts", text, resolve)


GAMMA = number_option(
    "gamma", 2.0, "Focusing exponent, at least 0; larger fades easy rows more.", check_gamma
)
SMOOTHING = number_option(
    "smoothing", 0.1, "Share of the target spread over all classes, in [0, 1).", check_smoothing
)
ALPHA = weights_option(
    "alpha",
    None,
    "Class weights of the focal loss: none, the weight of class 1 of two, one per class, "
    "balanced or effective.",
)
CLASS_WEIGHTS = weights_option(
    "class_weights",
    "balanced",
    "Class weights of the cross-entropy: balanced, effective, the weight of class 1 of two, or "
    "one per class.",
)
PRIOR = prior_option()
TAU = number_option(
    "tau",
    1.0,
    "How much of the prior is added to the logits, at least 0.",
    lambda value: check_at_least("tau", value, 0.0),
)
MAX_MARGIN = number_option(
    "max_margin",
    0.5,
    "Margin of the rarest class, at least 0.",
    lambda value: check_at_least("max_margin", value, 0.0),
)
SCALE = number_option(
    "scale",
    1.0,
    "Factor of the logits, greater than 0; 30 where they are cosines.",
    lambda value: check_positive("scale", value),
)
MARGIN_CLASS_WEIGHTS = weights_option(
    "class_weights",
    None,
    "Class weights: none, balanced, effective, the weight of class 1 of two, or one per class.",
)
EPSILON = number_option(
    "epsilon",
    1.0,
    "Added to the weight of 1 - p, at least -1; above 0 rows nearly right count more.",
    lambda value: check_at_least("epsilon", value, -1.0),
)


def _check_exponent(value: mx.array | float) -> None:
    check_positive("exponent", value)
    check_fraction("exponent", value)


EXPONENT = number_option(
    "exponent",
    0.7,
    "Above 0 and at most 1; larger bears more wrong labels and learns more slowly.",
    _check_exponent,
)
SMOOTH = number_option(
    "smooth",
    1.0,
    "Rows added to what is found, at least 0; steadies classes of few rows.",
    lambda value: check_at_least("smooth", value, 0.0),
)
FALSE_POSITIVE_WEIGHT = number_option(
    "false_positive_weight",
    0.5,
    "What a false positive counts, at least 0; larger asks for precision.",
    lambda value: check_at_least("false_positive_weight", value, 0.0),
)
FALSE_NEGATIVE_WEIGHT = number_option(
    "false_negative_weight",
    0.5,
    "What a false negative counts, above 0; larger asks for recall.",
    lambda value: check_positive("false_negative_weight", value),
)
