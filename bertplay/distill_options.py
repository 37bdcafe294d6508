"""Everything `bertplay distill` can be told: names, defaults, help and range checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, get_type_hints

from bertplay.data.errors import InputError
from bertplay.option_values import plain_value
from bertplay.options import option, require


@dataclass(frozen=True)
class DistillOptions:
    """The options of one distillation; None means that the teacher decides.

    Raises:
        InputError: an option is of the wrong type or outside its range.
    """

    teacher: str = option(
        "", "Encoder to learn from: a folder, or a Hugging Face repo id.", group="Data"
    )
    corpus: Sequence[str] = field(
        default=(),
        metadata={
            "help": "Texts to learn on, one a line, also packed as .gz; may be given several "
            "times. emotion is the built-in table's texts, its test part left out.",
            "group": "Data",
        },
    )
    out: str = option("", "Folder for the new encoder.", group="Data")
    overwrite: bool = option(False, "Replace what is in --out.", group="Data")

    layers: int = option(2, "Layers of the student.", group="Student")
    hidden: int | None = option(
        None, "Size of a token's state; default: the teacher's.", group="Student"
    )
    heads: int | None = option(
        None, "Attention heads; default: as wide as the teacher's.", group="Student"
    )
    vocab: int = option(10_000, "Word pieces to keep of the teacher's.", group="Student")
    precision: str = option(
        "int8",
        "How the weights are stored.",
        choices=("int8", "float16", "float32"),
        group="Student",
    )

    hidden_weight: float = option(1.0, "Weight of the error of the hidden states.", group="Loss")
    sentence_weight: float = option(
        1.0, "Weight of 1 minus the cosine of the sentence embeddings.", group="Loss"
    )
    masked_weight: float = option(0.2, "Weight of the masked-language-model loss.", group="Loss")
    masked_fraction: float = option(
        0.15, "Part of the tokens that is masked, in every other text.", group="Loss"
    )

    epochs: int = option(3, "Passes over the corpus.")
    batch_size: int = option(64, "Texts a step.")
    lr: float = option(5e-4, "Peak learning rate.")
    warmup: float = option(0.05, "Part of the steps in which the learning rate rises.")
    weight_decay: float = option(0.01, "AdamW's decay; norms and biases are never decayed.")
    max_length: int = option(64, "Longest text in tokens; longer ones are cut.")
    held_out: int = option(1000, "Texts that are only used to compare student and teacher.")
    checkpoint_steps: int = option(500, "Steps between two states that a killed run resumes from.")
    seed: int = option(0, "Seed of the order, the masks and dropout.")

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is read; keep the rest as plain values."""
        hints = get_type_hints(DistillOptions)
        for declared in fields(self):
            name, value = declared.name, getattr(self, declared.name)
            if name == "corpus":
                plain: Any = (value,) if isinstance(value, str) else tuple(map(str, value))
            else:
                plain = plain_value(name, value, hints[name])
            object.__setattr__(self, name, plain)  # the dataclass is frozen
        for name in ("teacher", "out", "corpus"):
            require(bool(getattr(self, name)), f"{name} is missing: give --{name}")
        _require_at_least(self, 1, "layers", "hidden", "heads", "epochs", "batch_size")
        _require_at_least(self, 1, "held_out", "checkpoint_steps")
        _require_at_least(self, 4, "max_length")
        for name in ("hidden_weight", "sentence_weight", "masked_weight", "weight_decay"):
            value = getattr(self, name)
            require(0 <= value < math.inf, f"{name} is {value}: it must be at least 0")
        weights = self.hidden_weight + self.sentence_weight + self.masked_weight
        require(weights > 0, "all weights of the loss are 0: there is nothing to learn")
        for name in ("warmup", "masked_fraction"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} is {value}: it must be at least 0 and below 1")
        require(0 < self.lr < 1, f"lr is {self.lr}: it must lie between 0 and 1")
        require(0 <= self.seed < 2**32, f"seed is {self.seed}: it must lie between 0 and 2^32 - 1")
        require(
            self.precision in ("int8", "float16", "float32"),
            f"precision is {self.precision!r}: choose one of int8, float16, float32",
        )


def _require_at_least(options: DistillOptions, lowest: int, *names: str) -> None:
    for name in names:
        value = getattr(options, name)
        if value is not None and value < lowest:
            raise InputError(f"{name} is {value}: it must be at least {lowest}")
