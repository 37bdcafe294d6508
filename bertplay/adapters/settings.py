"""What an adapter is made with; known without MLX, so that options are checked quickly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed

KINDS = ("lora", "dora")

TARGETS = (
    "query",
    "key",
    "value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The linear maps of a layer, by BERT's names; the maps of other families go by the same."""

ALL_LINEAR = "all-linear"


@dataclass(frozen=True)
class AdapterSettings:
    """What an adapter is made with; errors name the fields as the options of a run are called.

    Attributes:
        kind: "lora" (Hu et al. 2022) adds a product of two thin matrices to a weight; "dora" (Liu
            et al. 2024) also learns the length of each of the weight's rows.
        rank: columns of the first thin matrix, rows of the second.
        alpha: the product is scaled by alpha / rank.
        dropout: of the product's input, while it trains.
        targets: linear maps that get one, names of `TARGETS`; or "all-linear" for all.

    Raises:
        InputError: a value is outside its range, or a target is unknown.
    """

    kind: str = "lora"
    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.0
    targets: tuple[str, ...] = ("query", "value")

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        _require(self.kind in KINDS, f"adapter is {self.kind!r}: choose one of {', '.join(KINDS)}")
        _require(self.rank >= 1, f"adapter_rank is {self.rank}: it must be at least 1")
        _require(
            0 < self.alpha < math.inf,
            f"adapter_alpha is {self.alpha}: it must be a number above 0",
        )
        _require(
            0 <= self.dropout < 1,
            f"adapter_dropout is {self.dropout}: it must be at least 0 and below 1",
        )
        _require(bool(self.targets), "adapter_targets is empty: name at least one linear map")
        known = [*TARGETS, ALL_LINEAR]
        for target in self.targets:
            _require(
                target in known,
                f"adapter_targets has {target!r}: choose from {listed(known)}"
                f"{did_you_mean(target, known)}",
            )

    @property
    def scale(self) -> float:
        """What the product of the thin matrices is multiplied with."""
        return self.alpha / self.rank

    def paths(self, linears: Mapping[str, str]) -> tuple[str, ...]:
        """Where the targets are in a layer, in the layer's order.

        Args:
            linears: name to path, of the encoder's family.
        """
        everything = ALL_LINEAR in self.targets
        return tuple(path for name, path in linears.items() if everything or name in self.targets)


def split_targets(text: str) -> tuple[str, ...]:
    """The names in a list with commas: "query, value"."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)
