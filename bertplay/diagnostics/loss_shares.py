"""Where a loss looks: which rows its value and its gradient come from, beside cross-entropy's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Shares = npt.NDArray[np.float64]

_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Of the probability of the label, from hard to easy."""


@dataclass(frozen=True, eq=False)
class RowShares:
    """What each of N rows has in a loss and in its gradient at the logits; each sums to 1.

    Attributes:
        loss: `[N]`; None for a loss that is no sum over rows.
        gradient: `[N]`.
    """

    loss: Shares | None
    gradient: Shares


@dataclass(frozen=True)
class GroupShares:
    """What a group of rows has, of 1 each.

    Attributes:
        group: a class, or a range of the label's probability.
        rows: of the rows.
        plain_loss: of plain cross-entropy.
        loss: of the loss that was trained; None where that is no sum over rows.
        plain_gradient: of the gradient of plain cross-entropy.
        gradient: of that of the loss that was trained.
    """

    group: str
    rows: float
    plain_loss: float
    loss: float | None
    plain_gradient: float
    gradient: float


@dataclass(frozen=True)
class LossShares:
    """Where a loss looks.

    Attributes:
        name: of the loss.
        by_class: in the order of the classes.
        by_difficulty: by the probability of the label, the hardest rows first.
    """

    name: str
    by_class: tuple[GroupShares, ...]
    by_difficulty: tuple[GroupShares, ...]


def loss_shares(
    probabilities: npt.NDArray[np.float64],
    labels: npt.NDArray[np.integer[Any]],
    classes: Sequence[str],
    loss: Mapping[str, Any],
    class_counts: Mapping[str, int],
    progress: float = 1.0,
) -> LossShares:
    """Shares of rows, loss and gradient by class and by difficulty, for the model as it is now.

    Args:
        probabilities: `[N, C]`.
        labels: `[N]` class numbers.
        classes: C names.
        loss: name and arguments, as summary.json has them.
        class_counts: training rows by class.
        progress: from 0 to 1, where a loss that changes during training is looked at.

    Raises:
        ValueError: there is no such loss, or it has no such arguments.
    """
    plain = row_shares(probabilities, labels, {"name": "ce", "arguments": {}}, class_counts)
    trained = row_shares(probabilities, labels, loss, class_counts, progress)
    of_label = probabilities[np.arange(len(labels)), labels]
    hardness = np.clip(np.searchsorted(_EDGES, of_label, side="right") - 1, 0, len(_EDGES) - 2)
    ranges = [f"{low:.1f} to {high:.1f}" for low, high in pairwise(_EDGES)]
    return LossShares(
        str(loss["name"]),
        _grouped(labels, list(classes), plain, trained),
        _grouped(hardness, ranges, plain, trained),
    )


def row_shares(
    probabilities: npt.NDArray[np.float64],
    labels: npt.NDArray[np.integer[Any]],
    loss: Mapping[str, Any],
    class_counts: Mapping[str, int],
    progress: float = 1.0,
) -> RowShares:
    """Each row's share of the sum of the rows' losses, and of `sum_i |d loss / d z_i|`.

    z_i are the logits of row i. They are taken as the logarithms of its probabilities, which differ
    from them by a number that no loss sees. Arguments as of `loss_shares`.
    """
    import mlx.core as mx

    from bertplay.losses import get_loss
    from bertplay.losses.schedule import ScheduledLoss

    function = get_loss(loss["name"], class_counts=list(class_counts.values()), **loss["arguments"])
    if isinstance(function, ScheduledLoss):
        function.set_progress(progress)
    smallest = np.finfo(np.float32).tiny
    logits = mx.array(np.log(np.maximum(probabilities, smallest)), dtype=mx.float32)
    targets = mx.array(labels)
    gradient = mx.grad(lambda z: function(z, targets))(logits)
    sizes = np.linalg.norm(np.array(gradient, dtype=np.float64), axis=1)
    values = None
    if _is_sum_over_rows(function):
        values = np.array(function(logits, targets, reduction="none"), dtype=np.float64)
    # A loss below 0 in some rows has no shares.
    kept = values is not None and bool((values >= 0).all())
    return RowShares(_of_one(values) if kept and values is not None else None, _of_one(sizes))


def _is_sum_over_rows(function: Any) -> bool:
    from bertplay.losses.curriculum import CurriculumLoss

    parts = function.parts if isinstance(function, CurriculumLoss) else [function]
    return not any(part.spec.of_batch for part in parts)


def _of_one(sizes: Shares) -> Shares:
    total = sizes.sum()
    return sizes / total if total else np.full(len(sizes), 1 / len(sizes))


def _grouped(
    groups: npt.NDArray[np.integer[Any]],
    names: Sequence[str],
    plain: RowShares,
    trained: RowShares,
) -> tuple[GroupShares, ...]:
    def sums(weights: Shares | None) -> list[Any]:
        if weights is None:
            return [None] * len(names)
        found: list[Any] = np.bincount(groups, weights, minlength=len(names)).tolist()
        return found

    rows = np.full(len(groups), 1 / len(groups))
    shares = (rows, plain.loss, trained.loss, plain.gradient, trained.gradient)
    return tuple(
        GroupShares(name, *of_group)
        for name, *of_group in zip(names, *map(sums, shares), strict=True)
    )
