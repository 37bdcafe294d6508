"""A curriculum: one loss turns into another as training proceeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mlx.core as mx

from bertplay.losses.argument_checks import check_fraction, require, require_known
from bertplay.losses.configured import ConfiguredLoss
from bertplay.losses.reduction import Reduction
from bertplay.losses.schedule import SCHEDULE, ScheduledLoss
from bertplay.losses.specification import LossOption, LossSpec, ResolvedOption


def curriculum_loss(
    logits: mx.array,
    targets: mx.array,
    *,
    first: Callable[..., mx.array],
    second: Callable[..., mx.array],
    mix: mx.array | float,
    sample_weights: mx.array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> mx.array:
    """Two losses, mixed, in the unit of both: in nats.

    `(1 - s) first + s second`, each reduced in its own way: s = 0 is exactly the one and s = 1
    exactly the other. By name, the two losses' own options are `first.NAME` and `second.NAME`.

    With `first=ce second=weighted_ce ramp=step start=0.8`, class weights set in late, when the
    encoder has learned from all rows alike: deferred re-weighting (Cao et al. 2019).

    Example:
        >>> from bertplay.losses import cross_entropy, focal_loss
        >>> arrays = mx.zeros((1, 2)), mx.array([1])
        >>> mixed = curriculum_loss(*arrays, first=cross_entropy, second=focal_loss, mix=0.5)
        >>> round(mixed.item(), 4)
        0.4332

    Args:
        logits: `[N, C]`; fp16 and bf16 are computed in float32.
        targets: `[N]` integer labels, or `[N, C]` probabilities.
        first: a loss with the signature of `cross_entropy`.
        second: another.
        mix: s in [0, 1].
        sample_weights: `[N]`, at least 0; None weights all rows alike. A row that weighs 0 has no
            influence, whatever its logits and label.
        ignore_index: label of rows that have no influence, as if they weighed 0; None for none.
        reduction: "none", "mean" or "sum", of both losses.

    Returns:
        `[N]` for reduction "none", else a scalar; float32.

    Raises:
        ValueError: as the two losses; mix outside [0, 1].

    Reference:
        Bengio et al., Curriculum Learning, ICML 2009; Cao et al., Learning Imbalanced Datasets
        with Label-Distribution-Aware Margin Loss, NeurIPS 2019.
    """
    check_fraction("mix", mix)
    rows: dict[str, Any] = {
        "sample_weights": sample_weights,
        "ignore_index": ignore_index,
        "reduction": reduction,
    }
    if mx.issubdtype(logits.dtype, mx.floating):
        # Once for both, so that their gradients are not added up in half precision.
        logits = logits.astype(mx.float32)
    return (1.0 - mix) * first(logits, targets, **rows) + mix * second(logits, targets, **rows)


def _name_option(name: str, default: str, text: str) -> LossOption:
    return LossOption(name, default, text, lambda value, _counts, _classes: str(value))


FIRST = _name_option("first", "ce", "Loss at the beginning; its own options are first.NAME.")
SECOND = _name_option("second", "weighted_ce", "Loss at the end; its own options are second.NAME.")
PLACES = (FIRST, SECOND)

CURRICULUM = LossSpec(
    "curriculum",
    "One loss that turns into another as training proceeds.",
    curriculum_loss,
    (*PLACES, *SCHEDULE),
)


class CurriculumLoss(ScheduledLoss):
    """`(1 - s) first + s second` for any two losses, s rising with training's progress.

    s is that of `AdaptiveLoss`, which is this curriculum from `weighted_ce` to `focal`. The two
    losses are in `parts`; their options are `first.NAME` and `second.NAME` in `options` and
    `update`.

    Example:
        >>> from bertplay.losses import get_loss
        >>> late_weights = get_loss("weighted_ce", class_counts=[809, 500])
        >>> loss = CurriculumLoss(get_loss("ce"), late_weights, start=0.8, ramp="step")
        >>> loss.set_progress(0.8)
        >>> arrays = mx.zeros((1, 2)), mx.array([1])
        >>> loss(*arrays).item() == late_weights(*arrays).item()
        True

    Args:
        first: the loss of logits `[N, C]` up to `start`.
        second: the loss from `end` on.
        start: progress in [0, 1) at which s leaves 0; for "step", at which s becomes 1.
        end: progress in (start, 1] at which s reaches 1; without effect for "step".
        ramp: "linear", "cosine" or "step".

    Raises:
        ValueError: first or second is no loss from `get_loss`, or has a schedule of its own; start,
            end or ramp is outside its range; start is not below end.
    """

    def __init__(
        self,
        first: ConfiguredLoss,
        second: ConfiguredLoss,
        *,
        start: float = 0.0,
        end: float = 1.0,
        ramp: str = "linear",
    ):
        parts = [first, second]
        for place, part in zip(PLACES, parts, strict=True):
            require(
                isinstance(part, ConfiguredLoss),
                f"{place.name} is {part!r}: expected a loss made by get_loss",
            )
            require(
                not isinstance(part, ScheduledLoss),
                f"{place.name} is {part.name!r}, which has a schedule of its own: expected a loss "
                "without one",
            )
        options = {
            "first": first.name,
            "second": second.name,
            "start": start,
            "end": end,
            "ramp": ramp,
        }
        super().__init__(CURRICULUM, options)
        self.parts = parts

    def options(self) -> dict[str, Any]:
        """The options as plain Python values, those of the two losses too; waits for the device."""
        of_parts = {
            f"{place.name}.{name}": value
            for place, part in zip(PLACES, self.parts, strict=True)
            for name, value in part.options().items()
        }
        return {**super().options(), **of_parts}

    def __call__(
        self,
        logits: mx.array,
        targets: mx.array,
        *,
        sample_weights: mx.array | None = None,
        ignore_index: int | None = None,
        reduction: Reduction = "mean",
    ) -> mx.array:
        """The loss of logits `[N, C]` and targets `[N]` or `[N, C]` at the present progress.

        Raises:
            ValueError: an argument does not fit, see the two losses; reduction is "none", and one
                of them has a number for each row and the other one for each class.
        """
        first, second = self.parts
        require(
            reduction != "none" or first.spec.of_batch == second.spec.of_batch,
            f"reduction is 'none', but only one of {first.name} and {second.name} is a loss of "
            "rows: expected mean or sum",
        )
        return super().__call__(
            logits,
            targets,
            sample_weights=sample_weights,
            ignore_index=ignore_index,
            reduction=reduction,
        )

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), "first": self.parts[0], "second": self.parts[1]}

    def _assign(self, options: dict[str, Any]) -> None:
        if "parts" not in self:
            super()._assign(options)
            return
        own, *of_parts = divided_options(options, [part.spec for part in self.parts])
        changes: list[tuple[ConfiguredLoss, dict[str, ResolvedOption]]]
        changes = [(self, self._resolve(own))]
        for place, part, given in zip(PLACES, self.parts, of_parts, strict=True):
            with naming(place.name):
                changes.append((part, part._resolve(given)))
        # Nothing is changed before all of it is known to be right.
        for loss, values in changes:
            for name, value in values.items():
                setattr(loss, name, value)


def divided_options(
    options: Mapping[str, Any], parts: list[LossSpec]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The options of a curriculum itself, of its first and of its second loss.

    Raises:
        ValueError: neither the curriculum nor one of these losses has such an option.
    """
    own: dict[str, Any] = {}
    of_parts: dict[str, dict[str, Any]] = {place.name: {} for place in PLACES}
    specs = {place.name: spec for place, spec in zip(PLACES, parts, strict=True)}
    known = [option.name for option in CURRICULUM.options]
    known += [f"{place}.{option.name}" for place in specs for option in specs[place].options]
    for name, value in options.items():
        place, dot, inner = name.partition(".")
        if dot and place in specs:
            with naming(place):
                of_parts[place][specs[place].option(inner).name] = value
        else:
            require_known(f"loss {CURRICULUM.name!r} has no option", name, known)
            own[name] = value
    return own, of_parts[FIRST.name], of_parts[SECOND.name]


@contextmanager
def naming(place: str) -> Iterator[None]:
    """Say in a `ValueError` which of the two losses it is about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
