"""Where a loss looks: which rows its value and its gradient come from, beside cross-entropy's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bertplay.diagnostics.loss_shares import GroupShares, LossShares
from bertplay.report.bars import grouped_bars
from bertplay.report.blocks import Figures, Prose, Section
from bertplay.report.figures_of_column import MOST_CLASSES
from bertplay.report.svg import Drawing, drawing
from bertplay.report.wording import percent

_PLAIN = "cross-entropy"


def loss_section(found: LossShares, anchor: str) -> Section:
    """Shares of rows, loss and gradient by class and by difficulty."""
    groups = (
        ("class", "class", _most_changed(found.by_class)),
        ("difficulty", "probability of the label", found.by_difficulty),
    )
    drawings = [
        _bars(of, found.name, f"{anchor}-gradient-{name}", by, "gradient", _gradients)
        for name, by, of in groups
    ]
    if all(of.loss is not None for of in found.by_class):
        drawings += [
            _bars(of, found.name, f"{anchor}-loss-{name}", by, "loss", _losses)
            for name, by, of in groups
        ]
    return Section(
        anchor,
        f"Where {found.name} looks",
        (
            Prose(
                "What a row changes in the model is the gradient of the loss at its logits. Here "
                f"is whose gradients are large with {found.name}, and whose losses, as the model "
                f"is now, beside plain {_PLAIN} on the same rows."
            ),
            Figures(tuple(drawings)),
        ),
    )


def _gradients(of: GroupShares) -> tuple[float, float]:
    return of.plain_gradient, of.gradient


def _losses(of: GroupShares) -> tuple[float, float]:
    return of.plain_loss, 0.0 if of.loss is None else of.loss


def _most_changed(groups: Sequence[GroupShares]) -> tuple[GroupShares, ...]:
    """Of many classes, those whose share of the gradient the loss changes most, in their order."""
    changed = sorted(groups, key=lambda of: -abs(of.gradient - of.plain_gradient))[:MOST_CLASSES]
    return tuple(of for of in groups if of in changed)


def _bars(
    groups: Sequence[GroupShares],
    loss_name: str,
    anchor: str,
    grouped_by: str,
    what: str,
    shares: Callable[[GroupShares], tuple[float, float]],
) -> Drawing:
    plain, trained = zip(*map(shares, groups), strict=True)
    most = max(range(len(groups)), key=lambda place: abs(trained[place] - plain[place]))
    moved = (
        f"Largest difference: {groups[most].group} has {percent(trained[most])} of the {what}, "
        f"and {percent(plain[most])} with {_PLAIN}."
    )
    description = "; ".join(
        f"{of.group}: {percent(of.rows)} of the rows, {percent(before)} of the {what} of "
        f"{_PLAIN}, {percent(after)} with {loss_name}"
        for of, before, after in zip(groups, plain, trained, strict=True)
    )

    return drawing(
        grouped_bars(
            [of.group for of in groups],
            {"rows": [of.rows for of in groups], _PLAIN: plain, loss_name: trained},
            x_label=f"share of the {what}, by {grouped_by}",
        ),
        anchor,
        f"Share of rows and of the {what} by {grouped_by}",
        f"{description}.",
        f"Share of the {what} by {grouped_by}. {moved}",
    )
