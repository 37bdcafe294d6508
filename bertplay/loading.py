"""Trained models by the folder of their run."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from bertplay.adapters.folder import is_adapter, read_adapter
from bertplay.classifier import Classifier, restore
from bertplay.data.errors import InputError
from bertplay.model_folder import StoredModel, read_model

if TYPE_CHECKING:
    from bertplay.multi_task.classifier import MultiTaskClassifier


def load(run: str | PathLike[str]) -> Classifier:
    """Load the classifier of a run directory, or of its `model` or `adapter` folder.

    Raises:
        InputError: it is no run, it has no model yet, it learned several label columns, or a file
            of it is damaged.
    """
    loaded = load_any(run)
    if not isinstance(loaded, Classifier):
        raise InputError(
            f"{run} learned several label columns: load it with bertplay.load_multi_task"
        )
    return loaded


def load_multi_task(run: str | PathLike[str]) -> MultiTaskClassifier:
    """Load the model of a run with several label columns, or of its `model` or `adapter` folder.

    Raises:
        InputError: it is no run, it has no model yet, it learned a single label column, or a file
            of it is damaged.
    """
    loaded = load_any(run)
    if isinstance(loaded, Classifier):
        raise InputError(f"{run} learned a single label column: load it with bertplay.load")
    return loaded


def load_any(run: str | PathLike[str]) -> Classifier | MultiTaskClassifier:
    """Load whatever a run has trained.

    Raises:
        InputError: it is no run, it has no model yet, or a file of it is damaged.
    """
    return _restored(read_adapter(run) if is_adapter(run) else read_model(run))


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


def _restored(stored: StoredModel) -> Classifier | MultiTaskClassifier:
    if "tasks" in stored.facts:
        from bertplay.multi_task.classifier import restore_multi_task

        return restore_multi_task(stored)
    return restore(stored)
