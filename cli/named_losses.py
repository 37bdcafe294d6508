"""Losses where several are named in one option: NAME or NAME:KEY=VALUE:KEY=VALUE."""

from __future__ import annotations

from typing import Any

from bertplay.cli.loss_options import loss_arguments
from bertplay.data.errors import InputError


def parse_loss(text: str) -> tuple[str, dict[str, Any]]:
    """Name and arguments of a loss.

    Raises:
        InputError: there is no such loss, or it has no such option or value.
    """
    from bertplay.losses import get_loss

    name, *pairs = text.split(":")
    arguments = loss_arguments(pairs, {})
    try:
        get_loss(name, class_counts=(1, 1), **arguments)
    except ValueError as error:
        raise InputError(f"--losses {text}: {error}") from None
    return name, arguments


def shown_loss(text: str) -> str:
    """As a table shows it: NAME, KEY VALUE, KEY VALUE."""
    return text.replace(":", ", ").replace("=", " ")
