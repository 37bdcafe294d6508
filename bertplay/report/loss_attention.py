"""Where a loss looks: which rows its gradient comes from, beside that of plain cross-entropy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.report.bars import grouped_bars
from bertplay.report.blocks import Figures, Prose, Section
from bertplay.report.figures_of_column import MOST_CLASSES
from bertplay.report.predicted_rows import PredictedRows
from bertplay.report.svg import Drawing, drawing
from bertplay.report.wording import percent

_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Of the probability of the label, from hard to easy."""


@dataclass(frozen=True, eq=False)
class LossAttention:
    """What each of N rows has in the gradient at the logits; both sum to 1.

    Attributes:
        cross_entropy: `[N]` with plain cross-entropy.
        loss: `[N]` with the loss that was trained.
    """

    cross_entropy: npt.NDArray[np.float64]
    loss: npt.NDArray[np.float64]


def loss_attention(
    rows: PredictedRows,
    loss: Mapping[str, Any],
    class_counts: Mapping[str, int],
    progress: float,
) -> LossAttention:
    """Each row's share of `sum_i |d loss / d z_i|`, for its logits z_i and the norm of their sum.

    Args:
        rows: N of them; their logits are taken as the logarithms of their probabilities, which
            differ from them by a number that no loss sees.
        loss: name and arguments, as summary.json has them.
        class_counts: training rows by class.
        progress: from 0 to 1, where a loss that changes during training is looked at.
    """
    import mlx.core as mx

    from bertplay.losses import get_loss
    from bertplay.losses.schedule import ScheduledLoss

    trained = get_loss(loss["name"], class_counts=list(class_counts.values()), **loss["arguments"])
    if isinstance(trained, ScheduledLoss):
        trained.set_progress(progress)
    smallest = np.finfo(np.float32).tiny
    logits = mx.array(np.log(np.maximum(rows.probabilities, smallest)), dtype=mx.float32)
    labels = mx.array(rows.labels)

    def shares(function: Any) -> npt.NDArray[np.float64]:
        gradient = mx.grad(lambda z: function(z, labels))(logits)
        sizes = np.linalg.norm(np.array(gradient, dtype=np.float64), axis=1)
        total = sizes.sum()
        return sizes / total if total else np.full(len(sizes), 1 / len(sizes))

    return LossAttention(shares(get_loss("ce")), shares(trained))


def attention_section(
    rows: PredictedRows, found: LossAttention, loss_name: str, anchor: str
) -> Section:
    """Shares of rows and of gradients by class and by difficulty."""
    of_label = rows.probabilities[np.arange(len(rows.labels)), rows.labels]
    hardness = np.clip(np.searchsorted(_EDGES, of_label, side="right") - 1, 0, len(_EDGES) - 2)
    by_class, classes = _most_changed(
        _sums(rows.labels, len(rows.classes), found), list(rows.classes)
    )
    names = [f"{low:.1f} to {high:.1f}" for low, high in pairwise(_EDGES)]
    by_hardness = _sums(hardness, len(names), found)
    return Section(
        anchor,
        f"Where {loss_name} looks",
        (
            Prose(
                "What a row changes in the model is the gradient of the loss at its logits. Here "
                f"is whose gradients are large with {loss_name}, as the model is now, beside plain "
                "cross-entropy on the same rows."
            ),
            Figures(
                (
                    _bars(by_class, classes, loss_name, f"{anchor}-class", "class"),
                    _bars(
                        by_hardness,
                        names,
                        loss_name,
                        f"{anchor}-difficulty",
                        "probability of the label",
                    ),
                )
            ),
        ),
    )


def _most_changed(sums: list[list[float]], names: list[str]) -> tuple[list[list[float]], list[str]]:
    """Of many classes, those whose share of the gradient the loss changes most, in their order."""
    _, plain, trained = sums
    change = [abs(after - before) for before, after in zip(plain, trained, strict=True)]
    kept = sorted(sorted(range(len(names)), key=lambda place: -change[place])[:MOST_CLASSES])
    return [[share[place] for place in kept] for share in sums], [names[place] for place in kept]


def _sums(
    groups: npt.NDArray[np.integer[Any]], number: int, found: LossAttention
) -> list[list[float]]:
    """Each group's share of the rows and of both gradients."""
    weights = (np.full(len(groups), 1 / len(groups)), found.cross_entropy, found.loss)
    return [np.bincount(groups, share, minlength=number).tolist() for share in weights]


def _bars(
    sums: list[list[float]], names: list[str], loss_name: str, anchor: str, grouped_by: str
) -> Drawing:
    rows, plain, trained = sums
    change = [after - before for before, after in zip(plain, trained, strict=True)]
    most = max(range(len(names)), key=lambda place: abs(change[place]))
    moved = (
        f"Largest difference: {names[most]} has {percent(trained[most])} of the gradient, and "
        f"{percent(plain[most])} with cross-entropy."
    )
    description = "; ".join(
        f"{name}: {percent(rows[place])} of the rows, {percent(plain[place])} of the gradient of "
        f"cross-entropy, {percent(trained[place])} with {loss_name}"
        for place, name in enumerate(names)
    )
    return drawing(
        grouped_bars(
            names,
            {"rows": rows, "cross-entropy": plain, loss_name: trained},
            x_label=f"share, by {grouped_by}",
        ),
        anchor,
        f"Share of rows and of the gradient by {grouped_by}",
        f"{description}.",
        f"By {grouped_by}. {moved}",
    )
