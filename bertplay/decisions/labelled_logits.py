"""What a network said of rows whose labels are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class LabelledLogits:
    """Logits of N rows that the network was not trained on; `labelled` checks them.

    Attributes:
        logits: `[N, C]`, finite.
        labels: `[N]`, positions in `classes`.
        classes: the C names.
    """

    logits: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, rows: npt.NDArray[Any]) -> LabelledLogits:
        """Some of the rows, by a mask `[N]` or by their positions."""
        return LabelledLogits(self.logits[rows], self.labels[rows], self.classes)


def labelled(
    logits: npt.ArrayLike, labels: npt.ArrayLike, classes: Sequence[str]
) -> LabelledLogits:
    """Logits with their labels, in double precision.

    Args:
        logits: `[N, C]`, finite.
        labels: `[N]` integers, positions in `classes`.
        classes: the C names.

    Raises:
        ValueError: the shapes do not fit, there is no row, a logit is not finite, or a label is
            not among the classes.
    """
    z, y = np.asarray(logits, dtype=np.float64), np.asarray(labels)
    if z.ndim != 2 or z.shape[1] != len(classes) or not len(z):
        raise ValueError(
            f"logits has shape {z.shape}: expected [N, {len(classes)}], with at least one row"
        )
    if not np.isfinite(z).all():
        raise ValueError("logits holds NaN or infinity: expected finite numbers")
    if y.shape != z.shape[:1] or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"labels has shape {y.shape} and dtype {y.dtype}: expected [{len(z)}] integers, one "
            "for each row of logits"
        )
    if y.min() < 0 or y.max() >= len(classes):
        raise ValueError(
            f"labels reach from {y.min()} to {y.max()}: expected 0 to {len(classes) - 1}"
        )
    return LabelledLogits(z, y.astype(np.int64), tuple(classes))
