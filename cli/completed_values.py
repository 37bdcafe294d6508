"""What a shell completes as the value of an option."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completion = Callable[[click.Context, click.Parameter, str], "list[str] | list[CompletionItem]"]


def completion_of(name: str, choices: Sequence[str]) -> Completion | None:
    """What completes an option: its choices, or the losses by name; None leaves it to its type.

    Args:
        name: the option's field, such as `loss`.
        choices: the values it may have, if they are few.
    """
    if choices:
        return lambda ctx, parameter, typed: [c for c in choices if c.startswith(typed)]
    return _losses if name == "loss" else None


def _losses(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from bertplay.losses import LOSSES

    return [
        CompletionItem(name, help=spec.description)
        for name, spec in LOSSES.items()
        if name.startswith(typed)
    ]
