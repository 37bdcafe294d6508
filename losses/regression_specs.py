"""The named losses for numbers, and their options."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bertplay.losses.argument_checks import check_positive
from bertplay.losses.regression import concordance_loss, huber_loss, mean_squared_error
from bertplay.losses.specification import LossSpec, number_option

DELTA = number_option(
    "delta",
    1.0,
    "Error, greater than 0, from which on the loss grows as a straight line.",
    lambda value: check_positive("delta", value),
)

_SPECS = (
    LossSpec("mse", "Squared error.", mean_squared_error, kind="regression"),
    LossSpec(
        "huber",
        "Squared error that grows as a straight line for outliers.",
        huber_loss,
        (DELTA,),
        kind="regression",
    ),
    LossSpec(
        "ccc",
        "1 minus the concordance correlation coefficient over the batch.",
        concordance_loss,
        of_batch=True,
        kind="regression",
    ),
)

REGRESSION_LOSSES: Mapping[str, LossSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
