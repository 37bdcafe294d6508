"""Texts with their labels and where they came from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """N texts of one table.

    Attributes:
        ids: N row names: the table's id column, or the row's number counted from 1.
        texts: N texts.
        labels: [N] class numbers, or None where the table has no labels.
        classes: the C class names.
        source: the file, or the name of a built-in table.
        sha256: of the file's bytes, 64 hexadecimal digits.
        id_column: the column that the ids were taken from, or None.
        weights: `[N]` what each row counts in the loss, above 0; None where all count alike.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: NDArray[np.int32] | None
    classes: tuple[str, ...]
    source: str
    sha256: str
    id_column: str | None = None
    weights: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def select(self, rows: NDArray[np.int64]) -> LabelledTexts:
        """The given rows, in the given order."""
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            texts=tuple(self.texts[row] for row in rows),
            labels=None if self.labels is None else self.labels[rows],
            weights=None if self.weights is None else self.weights[rows],
        )

    @property
    def class_counts(self) -> tuple[int, ...]:
        """The number of rows of each class, in the order of `classes`.

        Raises:
            ValueError: the texts have no labels.
        """
        if self.labels is None:
            raise ValueError(f"{self.source} has no labels to count")
        return tuple(np.bincount(self.labels, minlength=len(self.classes)).tolist())
