"""What the schedule of a head's loss has reached."""

from __future__ import annotations

from typing import Any

from bertplay.heads.text_head import TextHead
from bertplay.losses.schedule import ScheduledLoss


def reached(head: TextHead) -> dict[str, float]:
    """Name to value, such as the mix of a curriculum; empty where the loss has no schedule."""
    loss = head.loss
    figures: dict[str, Any] = loss.schedule() if isinstance(loss, ScheduledLoss) else {}
    return {name: float(value.item()) for name, value in figures.items()}
