"""The number of training rows of each class, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bertplay.losses.argument_checks import require

ClassCounts: TypeAlias = "npt.NDArray[Any] | Sequence[float]"


def checked_counts(class_counts: ClassCounts) -> npt.NDArray[np.float64]:
    """Counts `[C]` as numbers, at least one of them greater than 0.

    Raises:
        ValueError: it is no list of counts, or no class has a row.
    """
    try:
        counts = np.asarray(class_counts, dtype=np.float64)
    except (TypeError, ValueError):
        counts = np.empty(0)
    valid = counts.ndim == 1 and bool(np.isfinite(counts).all() and (counts >= 0).all())
    require(
        valid and bool((counts > 0).any()),
        f"class_counts is {class_counts!r}: expected the number of training rows of each class, "
        "at least one of them greater than 0",
    )
    return counts


def without_empty_classes(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Counts `[C]` in which a class without rows has as many as the rarest that has some.

    Nothing can be estimated from no rows, and neither a weight nor a logarithm may be infinite.
    """
    return np.where(counts > 0, counts, counts[counts > 0].min())
