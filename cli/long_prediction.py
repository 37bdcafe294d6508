"""What models say about many texts, with a progress bar where somebody waits for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bertplay.classifier import Classifier
    from bertplay.decisions.decided import Decided
    from bertplay.multi_task.classifier import MultiTaskClassifier

_LONG = 256


def decide(classifier: Classifier, texts: Sequence[str], *, raw: bool = False) -> Decided:
    """What is decided of texts; the bar is on standard error, if that is a terminal."""
    with _progress(len(texts)) as on_batch:
        return classifier.decide(texts, raw=raw, on_batch=on_batch, on_cut=_said_once(classifier))


def predict_outputs(
    model: MultiTaskClassifier, texts: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """What each task's head says; the bar is on standard error, if that is a terminal."""
    with _progress(len(texts)) as on_batch:
        return model.predict_outputs(texts, on_batch=on_batch, on_cut=_said_once(model))


def _said_once(model: Classifier | MultiTaskClassifier) -> Callable[[int], None]:
    """Whom to tell how many texts were cut: the user, on standard error."""

    def say(cut: int) -> None:
        texts = "1 text is" if cut == 1 else f"{cut:,} texts are"
        print(
            f"{texts} longer than {model.max_length} tokens: the model reads the beginning",
            file=sys.stderr,
        )

    return say


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Whom to tell how many rows each batch had."""
    if total < _LONG or not sys.stderr.isatty():
        yield lambda rows: None
        return

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from bertplay.cli.result_tables import quiet_console

    columns = ("predicting", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = quiet_console(file=sys.stderr)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda rows: progress.update(task, advance=rows)
