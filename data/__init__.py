"""Tables, texts, labels, splits, tokens and batches.

The names are imported when they are first used, so that `bertplay.data.errors` loads no NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bertplay.data.batch_size import BatchSize, batches_of_size, padding_fraction
    from bertplay.data.batches import Batch, choose_lengths, pad_batch, plan_batches
    from bertplay.data.dataset import LabelledTexts
    from bertplay.data.errors import InputError
    from bertplay.data.labels import encode_labels
    from bertplay.data.sampling import sampled_rows
    from bertplay.data.splits import stratified_split
    from bertplay.data.table import read_table, require_column
    from bertplay.data.template import render
    from bertplay.data.titanic import passenger_sentence
    from bertplay.data.tokenizer import encode_texts, load_tokenizer, train_wordpiece

_EXPORTS = {
    "Batch": "bertplay.data.batches",
    "BatchSize": "bertplay.data.batch_size",
    "InputError": "bertplay.data.errors",
    "LabelledTexts": "bertplay.data.dataset",
    "batches_of_size": "bertplay.data.batch_size",
    "choose_lengths": "bertplay.data.batches",
    "encode_labels": "bertplay.data.labels",
    "encode_texts": "bertplay.data.tokenizer",
    "load_tokenizer": "bertplay.data.tokenizer",
    "pad_batch": "bertplay.data.batches",
    "padding_fraction": "bertplay.data.batch_size",
    "passenger_sentence": "bertplay.data.titanic",
    "plan_batches": "bertplay.data.batches",
    "read_table": "bertplay.data.table",
    "render": "bertplay.data.template",
    "require_column": "bertplay.data.table",
    "sampled_rows": "bertplay.data.sampling",
    "stratified_split": "bertplay.data.splits",
    "train_wordpiece": "bertplay.data.tokenizer",
}

__all__ = [
    "Batch",
    "BatchSize",
    "InputError",
    "LabelledTexts",
    "batches_of_size",
    "choose_lengths",
    "encode_labels",
    "encode_texts",
    "load_tokenizer",
    "pad_batch",
    "padding_fraction",
    "passenger_sentence",
    "plan_batches",
    "read_table",
    "render",
    "require_column",
    "sampled_rows",
    "stratified_split",
    "train_wordpiece",
]


def __getattr__(name: str) -> Any:
    """Import an exported name when it is first used (PEP 562)."""
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'bertplay.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_EXPORTS))
