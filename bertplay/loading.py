"""Trained models by the folder of their run, and those of transformers by their folder."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from bertplay.adapters.folder import is_adapter, read_adapter
from bertplay.classifier import Classifier, restore
from bertplay.data.errors import InputError
from bertplay.encoders.families import has_own_head
from bertplay.model_folder import StoredModel, read_model
from bertplay.sequence_classification import load_checkpoint

if TYPE_CHECKING:
    from bertplay.multi_task.classifier import MultiTaskClassifier


def load(run: str | PathLike[str]) -> Classifier:
    """Load the classifier of a run directory, or of its `model` or `adapter` folder.

    The folder of a model of transformers with a head for classes loads as well, with its own head
    and labels, see `bertplay.sequence_classification`.

    Raises:
        InputError: it is no run, it has no model yet, it predicts anything but one class a text, or
            a file of it is damaged.
    """
    loaded = load_any(run)
    if not isinstance(loaded, Classifier):
        raise InputError(f"{run} {_learned(loaded)}: load it with bertplay.load_multi_task")
    return loaded


def load_multi_task(run: str | PathLike[str]) -> MultiTaskClassifier:
    """Load the model of a run with several label columns, or of its `model` or `adapter` folder.

    So are models of transformers for any number of classes or for a number a text.

    Raises:
        InputError: it is no run, it has no model yet, it learned a single label column, or a file
            of it is damaged.
    """
    loaded = load_any(run)
    if isinstance(loaded, Classifier):
        raise InputError(f"{run} learned a single label column: load it with bertplay.load")
    return loaded


def load_any(run: str | PathLike[str]) -> Classifier | MultiTaskClassifier:
    """Load whatever a run has trained, or a model of transformers with its own head.

    Raises:
        InputError: it is no run, it has no model yet, or a file of it is damaged.
    """
    if is_adapter(run):
        return _restored(read_adapter(run))
    folder = Path(run).expanduser()
    return load_checkpoint(folder) if has_own_head(folder) else _restored(read_model(run))


def load_adapter(
    folder: str | PathLike[str], backbone: str | PathLike[str] | None = None
) -> Classifier | MultiTaskClassifier:
    """Load an adapter, put on its backbone and not merged with it.

    Args:
        folder: `adapter` of a run that was trained with one, or the run.
        backbone: where the backbone lies now; by default where it lay when the adapter was trained.

    Raises:
        InputError: it is no adapter, a file of it is damaged, or the backbone cannot be loaded or
            is not the one that the adapter was trained on.
    """
    return _restored(read_adapter(folder, backbone))


def _learned(model: MultiTaskClassifier) -> str:
    """Why it is no classifier of one class a text."""
    columns = model.task.columns
    if len(columns) > 1 or columns[0].kind == "single_label":
        return "learned several label columns"
    return {
        "multi_label": "predicts any number of classes a text",
        "regression": "predicts a number",
    }[columns[0].kind]


def _restored(stored: StoredModel) -> Classifier | MultiTaskClassifier:
    if "tasks" in stored.facts:
        from bertplay.multi_task.classifier import restore_multi_task

        return restore_multi_task(stored)
    return restore(stored)
