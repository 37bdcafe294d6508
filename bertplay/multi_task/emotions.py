"""The tasks of the built-in emotion table, weighed as an emotion engine needs them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

# Valence, arousal and dominance count 1 together.
_DIMENSION: Mapping[str, Any] = MappingProxyType({"loss": "mse", "weight": 1 / 3})

EMOTION_TASKS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "emotion": {"loss": "focal", "weight": 1.5},
        "valence": _DIMENSION,
        "arousal": _DIMENSION,
        "dominance": _DIMENSION,
        "safety": {"loss": "weighted_ce", "weight": 1.2},
        "style": {"loss": "ce", "weight": 0.8},
        "intent": {"loss": "ce", "weight": 0.8},
    }
)
"""Column to its options, as `TrainOptions.tasks` takes them."""
