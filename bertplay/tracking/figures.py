"""An epoch's record as figures with names, as trackers take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def tracked_figures(record: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a line of metrics.jsonl, by names such as `validation/per_class/calm/f1`.

    What has no group of its own is in `epoch`, such as `epoch/train_loss`. Lists, texts and what is
    not defined are left out.
    """
    grouped = {
        name if isinstance(value, Mapping) else f"epoch/{name}": value
        for name, value in record.items()
    }
    return dict(_numbers(grouped, ""))


def _numbers(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield prefix + name, float(value)
