"""The classes' shares of the training rows, from counts or from what the user writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from bertplay.losses.argument_checks import host_values, require
from bertplay.losses.class_counts import ClassCounts, checked_counts, without_empty_classes

Prior: TypeAlias = "mx.array | npt.NDArray[Any] | Sequence[float] | str"

_FORMS = '"counts", or one share or number of rows per class, greater than 0'


def resolve_prior(
    spec: Prior, class_counts: ClassCounts | None = None, num_classes: int | None = None
) -> mx.array:
    """Shares of the classes, from any form in which they may be given.

    A class without rows counts as the rarest class that has some. Shares that are given are taken
    as they are, as no loss depends on their sum.

    Example:
        >>> resolve_prior("counts", [75, 25]).tolist()
        [0.75, 0.25]

    Args:
        spec: "counts" for `class_counts` over their sum, or `[C]` shares or numbers of rows.
        class_counts: `[C]`, training rows of each class.
        num_classes: C; None takes it from class_counts, or from spec.

    Returns:
        `[C]` float32, greater than 0.

    Raises:
        ValueError: spec has another form or length, a share is not greater than 0, or counts are
            asked for and there are none.
    """
    if isinstance(spec, str):
        require(spec == "counts", f"prior is {spec!r}: expected {_FORMS}")
        if class_counts is None:
            raise ValueError(
                'prior="counts" needs the training rows of each class: pass class_counts=[...] to '
                "get_loss, or prior=[...] to a function"
            )
        counts = without_empty_classes(checked_counts(class_counts))
        prior = mx.array((counts / counts.sum()).astype(np.float32))
    else:
        prior = _given_prior(spec)
    require(
        num_classes in (None, prior.size),
        f"prior has {prior.size} entries: expected one for each of {num_classes} classes",
    )
    return prior


def _given_prior(spec: Any) -> mx.array:
    if isinstance(spec, mx.array):
        prior, values = spec.astype(mx.float32), host_values(spec)
    else:
        try:
            values = np.asarray(spec, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"prior is {spec!r}: expected {_FORMS}") from None
        prior = mx.array(values.astype(np.float32))
    require(prior.ndim == 1, f"prior has shape {prior.shape}: expected {_FORMS}")
    if values is not None:
        valid = bool(np.isfinite(values).all() and (values > 0).all())
        require(valid, f"prior is {values.tolist()}: expected {_FORMS}")
    return prior
