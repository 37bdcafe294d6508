"""The loss of a head: by name, where it must fit the head's targets, or any callable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mlx.core as mx

from bertplay.losses import get_loss
from bertplay.losses.argument_checks import require
from bertplay.losses.specification import LossKind


def head_loss(
    loss: str | Callable[..., mx.array],
    options: Mapping[str, Any] | None,
    *,
    kind: LossKind,
    num_classes: int | None = None,
) -> Callable[..., mx.array]:
    """The loss as a callable `loss(outputs, targets) -> scalar`.

    Args:
        loss: a name for `bertplay.losses.get_loss`, or a callable.
        options: what `get_loss` takes besides the name; only with a name.
        kind: what a named loss must be for.
        num_classes: C, where there are classes.

    Raises:
        ValueError: the name is unknown or of another kind, an option is wrong, loss is no callable,
            or a callable comes with options.
    """
    if isinstance(loss, str):
        return get_loss(loss, kind=kind, num_classes=num_classes, **(options or {}))
    require(
        callable(loss), f"loss is {loss!r}: expected a name or a callable loss(outputs, targets)"
    )
    require(
        not options, "loss_kwargs goes with the name of a loss: give a callable its own options"
    )
    return loss
