"""A trained classifier as the teacher of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bertplay.classifier import Classifier
from bertplay.data.dataset import LabelledTexts
from bertplay.data.errors import InputError
from bertplay.data.wording import listed
from bertplay.loading import load


def load_teacher(run: str, classes: Sequence[str]) -> Classifier:
    """Load a run whose classes are those to be learned, in any order.

    Raises:
        InputError: it is no trained run, or its classes are others.
    """
    teacher = load(run)
    if set(teacher.classes) != set(classes):
        raise InputError(
            f"the teacher {run} knows the classes {listed(teacher.classes)}, but the training rows "
            f"have {listed(classes)}: a teacher must have been trained on the same classes"
        )
    return teacher


def teacher_logits(
    teacher: Classifier, rows: LabelledTexts, *, on_rows: Callable[[int, int], None]
) -> NDArray[np.float32]:
    """What the teacher makes of texts, as logarithms of probabilities.

    Args:
        teacher: from `load_teacher`.
        rows: N texts of C classes.
        on_rows: is told how many texts are read, and of how many; first 0.

    Returns:
        `[N, C]`, in the order of `rows.classes`.
    """
    total, done = len(rows), 0
    on_rows(done, total)

    def count(more: int) -> None:
        nonlocal done
        done += more
        on_rows(done, total)

    probabilities = teacher.predict_proba(rows.texts, raw=True, on_batch=count)
    order = [teacher.classes.index(name) for name in rows.classes]
    # The logarithm of a probability too small for its type would be infinite.
    smallest = np.finfo(np.float64).tiny
    logits: NDArray[np.float32] = np.log(np.maximum(probabilities[:, order], smallest)).astype(
        np.float32
    )
    return logits
