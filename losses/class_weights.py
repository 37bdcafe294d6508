"""One weight per class: from counts, or from what the user writes."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, TypeAlias

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from bertplay.losses.argument_checks import host_values, require
from bertplay.losses.class_counts import ClassCounts, checked_counts, without_empty_classes

ClassWeights: TypeAlias = "mx.array | npt.NDArray[Any] | Sequence[float] | float | str | None"

_FORMS = (
    "None or 1.0 (no weighting), a number between 0 and 1 with two classes (the weight of class 1; "
    'class 0 gets 1 minus it), one weight per class, "balanced" or "effective"'
)


def balanced_weights(class_counts: ClassCounts, cap: float | None = None) -> mx.array:
    """Weights inversely proportional to the classes' counts.

    `w_c = min(cap, sum_k n_k / (K n_c))`, with K the number of classes that have rows: over the
    counted rows the weights have mean 1 before the cap. A class without rows weighs as much as the
    rarest class that has some, as a weight of its own cannot be estimated.

    Example:
        >>> [round(weight, 3) for weight in balanced_weights([809, 500]).tolist()]
        [0.809, 1.309]

    Args:
        class_counts: `[C]`, training rows of each class.
        cap: the largest weight, greater than 0; None for no limit.

    Returns:
        `[C]` float32, computed in float64.

    Raises:
        ValueError: class_counts is not a list of counts with at least one row, or cap is not
            greater than 0.

    Reference:
        King and Zeng, Logistic Regression in Rare Events Data, 2001.
    """
    counts = checked_counts(class_counts)
    filled = without_empty_classes(counts)
    return _capped(counts.sum() / (np.count_nonzero(counts) * filled), cap)


def effective_weights(
    class_counts: ClassCounts, beta: float = 0.999, cap: float | None = 10.0
) -> mx.array:
    """Weights inversely proportional to the effective number of rows, which grows ever slower.

    `w_c = min(cap, C v_c / sum_k v_k)` with `v_c = (1 - beta) / (1 - beta^n_c)`: the weights sum
    to C before the cap. beta = 0 weights all classes alike; beta near 1 approaches weights
    proportional to `1 / n_c`. A class without rows counts as the rarest class that has some.

    Example:
        >>> effective_weights([809, 500], beta=0.0).tolist()
        [1.0, 1.0]

    Args:
        class_counts: `[C]`, training rows of each class.
        beta: in [0, 1).
        cap: the largest weight, greater than 0; None for no limit. As the weights sum to C, it
            acts where it is smaller than C.

    Returns:
        `[C]` float32, computed in float64.

    Raises:
        ValueError: class_counts is not a list of counts with at least one row, beta is outside
            [0, 1), or cap is not greater than 0.

    Reference:
        Cui et al., Class-Balanced Loss Based on Effective Number of Samples, CVPR 2019.
    """
    require(0 <= beta < 1, f"beta is {beta}: expected a number of at least 0 and below 1")
    counts = without_empty_classes(checked_counts(class_counts))
    # expm1 keeps 1 - beta^n exact where beta is near 1.
    effective = -np.expm1(counts * np.log(beta)) if beta > 0 else np.ones_like(counts)
    weights = 1.0 / effective
    return _capped(len(weights) * weights / weights.sum(), cap)


def resolve_class_weights(
    spec: ClassWeights,
    class_counts: ClassCounts | None = None,
    num_classes: int | None = None,
    *,
    name: str = "class_weights",
) -> mx.array | None:
    """Weights `[C]` from any form in which they may be given.

    | spec | weights |
    |---|---|
    | None, 1.0 | no weighting |
    | a in (0, 1), with C = 2 | `[1 - a, a]`, as alpha in Lin et al. 2017 |
    | a sequence or array `[C]` | as given |
    | "balanced" | `balanced_weights(class_counts)` |
    | "effective" | `effective_weights(class_counts)` |

    Args:
        spec: one of the above.
        class_counts: `[C]`, training rows of each class; for "balanced" and "effective".
        num_classes: C; None takes it from class_counts, or from spec.
        name: the argument that errors name.

    Returns:
        `[C]` float32, or None for no weighting.

    Raises:
        ValueError: spec has another form, the wrong length, a negative weight or only zeros;
            "balanced" or "effective" without class_counts; class_counts of the wrong length.
    """
    if class_counts is not None:
        counted = len(checked_counts(class_counts))
        require(
            num_classes in (None, counted),
            f"class_counts has {counted} entries: expected one for each of {num_classes} classes",
        )
        num_classes = counted
    if spec is None:
        return None
    if isinstance(spec, str):
        return _counted_weights(spec, class_counts, name)
    if isinstance(spec, Real):
        return _two_class_weights(spec, num_classes, name)
    return _given_weights(spec, num_classes, name)


def _counted_weights(spec: str, class_counts: ClassCounts | None, name: str) -> mx.array:
    require(spec in ("balanced", "effective"), f"{name} is {spec!r}: expected {_FORMS}")
    if class_counts is None:
        raise ValueError(
            f'{name}="{spec}" needs the training rows of each class: pass class_counts=[...] to '
            f"get_loss, or {name}={spec}_weights([...]) to a function"
        )
    return balanced_weights(class_counts) if spec == "balanced" else effective_weights(class_counts)


def _two_class_weights(spec: Real, num_classes: int | None, name: str) -> mx.array | None:
    number = float(spec)
    valid = not isinstance(spec, bool) and (number == 1.0 or 0.0 < number < 1.0)
    require(valid, f"{name} is {spec}: expected {_FORMS}")
    if number == 1.0:
        return None
    require(
        num_classes in (None, 2),
        f"{name} is {spec} with {num_classes} classes: expected {_FORMS}",
    )
    return mx.array([1.0 - number, number], dtype=mx.float32)


def _given_weights(spec: Any, num_classes: int | None, name: str) -> mx.array:
    if isinstance(spec, mx.array):
        weights, values = spec.astype(mx.float32), host_values(spec)
    else:
        try:
            values = np.asarray(spec, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"{name} is {spec!r}: expected {_FORMS}") from None
        weights = mx.array(values.astype(np.float32))
    require(weights.ndim == 1, f"{name} has shape {weights.shape}: expected {_FORMS}")
    require(
        num_classes in (None, weights.size),
        f"{name} has {weights.size} entries: expected one for each of {num_classes} classes",
    )
    if values is not None:
        valid = bool(np.isfinite(values).all() and (values >= 0).all() and (values > 0).any())
        require(
            valid,
            f"{name} is {values.tolist()}: expected finite weights of at least 0, not all of them "
            "0",
        )
    return weights


def _capped(weights: npt.NDArray[np.float64], cap: float | None) -> mx.array:
    require(cap is None or cap > 0, f"cap is {cap}: expected a number greater than 0, or None")
    return mx.array(np.minimum(weights, np.inf if cap is None else cap).astype(np.float32))
