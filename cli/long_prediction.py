"""Class probabilities of many texts, with a progress bar where somebody waits for them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bertplay.classifier import Classifier

_LONG = 256


def predict_proba(classifier: Classifier, texts: Sequence[str]) -> NDArray[np.float64]:
    """`[N, C]` probabilities; the bar is on standard error, if that is a terminal."""
    if len(texts) < _LONG or not sys.stderr.isatty():
        return classifier.predict_proba(texts)

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from bertplay.cli.result_tables import quiet_console

    columns = ("predicting", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = quiet_console(file=sys.stderr)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(texts))
        return classifier.predict_proba(
            texts, on_batch=lambda rows: progress.update(task, advance=rows)
        )
