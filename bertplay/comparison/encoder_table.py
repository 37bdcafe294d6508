"""The encoders of a comparison: what they are, what they take, and how well they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.report.wording import megabytes

HEADINGS = (
    "encoder",
    "family",
    "parameters",
    "hidden size",
    "layers",
    "trained rows a second",
    "predicted rows a second",
    "memory of training",
    "macro-F1",
)

WORDS = frozenset({0, 1})
"""Columns that hold words, by their places."""


def encoder_rows(facts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row of each encoder under `HEADINGS`; none where losses were compared.

    Args:
        facts: as compare.json has them.
    """
    rows: list[tuple[str, ...]] = []
    for title, encoder in facts.get("encoders", {}).items():
        method = facts["methods"][title]
        rows.append(
            (
                title,
                encoder["family"],
                f"{encoder['parameters']:,}",
                f"{encoder['hidden_size']:,}",
                f"{encoder['layers']}",
                f"{method['rows_per_second']:,.0f}",
                f"{encoder['predicted_per_second']:,.0f}",
                megabytes(method["peak_bytes"]),
                f"{method['figures']['macro_f1']['mean']:.3f}",
            )
        )
    return rows
