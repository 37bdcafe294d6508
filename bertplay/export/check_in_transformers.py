"""Read an exported folder with transformers, and compare what it computes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bertplay.export.check import Check, checked, installed, named_with_version, not_checked
from bertplay.export.failures import ExportFailedError
from bertplay.export.reference import Reference

_PROGRAMS = ("transformers", "torch")


def check_in_transformers(folder: Path, expected: Reference, *, whole: bool) -> Check:
    """Load a folder as its card says, and compare token ids and logits.

    Args:
        folder: from `write_transformers_folder`.
        expected: of the model.
        whole: transformers has a class for the head; else the encoder alone is compared, and the
            logits are what the model's own head makes of its states.

    Raises:
        ExportFailedError: token ids or logits are not those of the model.
    """
    if not installed(*_PROGRAMS):
        return not_checked("transformers with torch", "logits")
    import torch
    from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

    with silenced():
        batch: Any = AutoTokenizer.from_pretrained(folder)(
            list(expected.texts), padding=True, truncation=True, return_tensors="pt"
        )
        require_same_ids(batch["input_ids"].numpy(), expected)
        loader: Any = AutoModelForSequenceClassification if whole else AutoModel
        model: Any = loader.from_pretrained(folder).eval()
        with torch.no_grad():
            output = model(**batch)
    if whole:
        logits = output.logits.numpy()
    else:
        logits = expected.logits_of(output.last_hidden_state.numpy())
    return checked(named_with_version(*_PROGRAMS), "logits", logits, expected.logits)


def require_same_ids(found: Any, expected: Reference) -> None:
    """Check what a tokenizer made of the sample texts.

    Raises:
        ExportFailedError: an id differs, or the padded length.
    """
    if not np.array_equal(found, expected.input_ids):
        raise ExportFailedError(
            "the exported tokenizer gives other token ids than the model's: nothing was written; "
            "please report this as a defect"
        )


@contextmanager
def silenced() -> Iterator[None]:
    """Without progress bars, words on layers that are not in the file, and on changes to come."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
