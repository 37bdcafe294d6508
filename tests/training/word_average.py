"""A classifier that trains in milliseconds: the mean of word vectors, and short texts for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten

from bertplay.data.dataset import LabelledTexts
from bertplay.distributed.process_group import ALONE, ProcessGroup
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.metrics import Metrics
from bertplay.training.encoded_texts import EncodedTexts
from bertplay.training.fit import fit
from bertplay.training.loop import LoopResult, RunWriter
from bertplay.training.loop_settings import LoopSettings
from bertplay.training.loop_state import LoopState
from bertplay.training.objective import Objective
from bertplay.training.view import EpochRecord, SilentView

VOCABULARY = 12
WIDTH = 32  # as tiny BERT's, so that g++ compiles the same functions for both
BATCH = 8
CLASSES = ("died", "survived")


class WordVectors(nn.Module):
    """An encoder without layers."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)

    def __call__(self, input_ids: mx.array, attention_mask: mx.array | None = None) -> mx.array:
        return self.words(input_ids)


def word_average(loss: str = "ce", *, dropout: float = 0.1, seed: int = 0) -> TextClassifier:
    """The same weights for the same seed."""
    mx.random.seed(seed)
    head = ClassificationHeadV2(
        WIDTH,
        len(CLASSES),
        loss=loss,
        loss_kwargs={"class_counts": (12, 8)},
        pooling="mean",
        dropout=dropout,
    )
    return TextClassifier(WordVectors(), head)


def encoded(rows: int, *, seed: int = 0, first_id: int = 1) -> EncodedTexts:
    """Texts of 4 or 6 words out of 2 .. 9, whose first word tells the class: 2 died, 3 survived.

    Three of five rows died.
    """
    rng = np.random.default_rng(seed)
    labels = np.array([0, 1, 0, 1, 0] * rows, dtype=np.int32)[:rows]
    token_ids = [
        np.array([2 + label, *rng.integers(4, 10, 3 + 2 * (row % 2))], dtype=np.int32)
        for row, label in enumerate(labels)
    ]
    ids = tuple(f"row-{first_id + row}" for row in range(rows))
    texts = tuple(" ".join(map(str, tokens)) for tokens in token_ids)
    return EncodedTexts(LabelledTexts(ids, texts, labels, CLASSES, "made up", "0" * 64), token_ids)


def settings(**changes: Any) -> LoopSettings:
    """Two epochs of three steps on 20 rows, the last batch with 4 of them."""
    values = {
        "epochs": 2,
        "batch_size": BATCH,
        "max_tokens": None,
        "accumulate": 1,
        "sampling": "natural",
        "optimizer": "adamw",
        "optimizer_args": {},
        "lr": 1e-2,
        "head_lr": None,
        "layer_decay": 1.0,
        "schedule": "linear",
        "schedule_args": {},
        "warmup": 0.1,
        "weight_decay": 0.01,
        "clip_norm": 1.0,
        "average_weights": 0.0,
        "ema": 0.0,
        "keep": "best",
        "patience": None,
        "checkpoint_every": None,
        "freeze_stages": {1: "none"},
        "gradient_checkpointing": False,
        "precision": "float32",
        "seed": 0,
        "pad_id": 0,
    }
    return LoopSettings(**{**values, **changes})


@dataclass
class Notes:
    """A writer that keeps what it is given in memory.

    Attributes:
        on_epoch: is called with each record.
        states: that were saved.
    """

    on_epoch: Callable[[EpochRecord[Metrics]], None] = lambda record: None
    on_state: Callable[[LoopState], None] = lambda state: None
    states: list[LoopState] = field(default_factory=list)

    def after_epoch(self, record: EpochRecord[Metrics]) -> None:
        self.on_epoch(record)

    def save_state(self, state: LoopState) -> None:
        self.states.append(state)
        self.on_state(state)

    def how_to_go_on(self) -> str:
        return "the weights are safe"

    def last_good(self) -> str:
        return "the last good checkpoint is here"


def fitted(
    model: TextClassifier,
    *,
    train: EncodedTexts | None = None,
    validation: EncodedTexts | None = None,
    view: SilentView | None = None,
    on_epoch: Callable[[EpochRecord[Metrics]], None] = lambda record: None,
    writer: RunWriter | None = None,
    objective: Objective | None = None,
    metric: str = "log_loss",
    resumed: LoopState | None = None,
    group: ProcessGroup = ALONE,
    **changes: Any,
) -> LoopResult[Metrics]:
    """`fit` on 20 rows, with what a test does not care about filled in."""
    return fit(
        model,
        train or encoded(20),
        validation or encoded(10, seed=1, first_id=101),
        settings(**changes),
        writer or Notes(on_epoch),
        objective=objective or Objective(),
        metric=metric,
        view=view or SilentView(),
        resumed=resumed,
        group=group,
    )


def weights(model: nn.Module) -> dict[str, np.ndarray]:
    """A copy of all parameters, by name."""
    return {name: np.array(leaf) for name, leaf in tree_flatten(model.parameters())}


def same_bits(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether two models have bitwise the same parameters."""
    return one.keys() == other.keys() and all(
        one[name].tobytes() == other[name].tobytes() for name in one
    )
