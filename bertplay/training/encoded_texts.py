"""Texts as token ids, ready to be batched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.data.dataset import LabelledTexts
from bertplay.data.token_rows import TokenIds, token_counts
from bertplay.training.rows import TrainingRows


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """N texts as token ids.

    Attributes:
        texts: where they come from: ids, labels, classes.
        token_ids: N arrays of ids.
        teacher_logits: `[N, C]`, what a teacher makes of the texts; None without one.
    """

    texts: LabelledTexts
    token_ids: TokenIds
    teacher_logits: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.token_ids)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """`[N]` token counts."""
        return token_counts(self.token_ids)

    def training_rows(self) -> TrainingRows:
        """The rows with their labels, and with what a teacher makes of them, as targets."""
        assert self.texts.labels is not None
        targets: dict[str, NDArray[Any]] = {"labels": self.texts.labels}
        if self.teacher_logits is not None:
            targets["teacher_logits"] = self.teacher_logits
        return TrainingRows(
            self.texts.ids,
            self.token_ids,
            targets,
            self.texts.labels,
            weights=self.texts.weights,
        )
