"""The weights of a pickled estimator: a model folder, named by what is in it."""

from __future__ import annotations

import hashlib
import tempfile
from os import PathLike
from pathlib import Path

from bertplay.classifier import Classifier, save
from bertplay.data.errors import InputError
from bertplay.loading import load
from bertplay.user_cache import user_cache

_PART_OF_DIGEST = 32


def store_weights(classifier: Classifier, model_dir: str | PathLike[str] | None) -> Path:
    """Write a classifier to a folder named by its content, unless it is there already.

    Args:
        classifier: what to write.
        model_dir: where the folder goes; None for `bertplay/estimators` in the user's cache.

    Raises:
        InputError: model_dir is None and there is no cache.
        OSError: the place cannot be written.
    """
    place = _place(model_dir)
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=place) as writing:
        model = Path(writing, "model")
        save(classifier, model)
        digest = hashlib.sha256()
        for file in sorted(model.iterdir()):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
        folder = place / digest.hexdigest()[:_PART_OF_DIGEST]
        try:
            model.rename(folder)
        except OSError:
            # Another process, or an earlier pickle, has put the same bytes there.
            if not folder.is_dir():
                raise
    return folder


def load_weights(folder: str) -> Classifier:
    """The classifier that `store_weights` wrote.

    Raises:
        InputError: the folder is gone or damaged.
    """
    if not Path(folder).is_dir():
        raise InputError(
            f"the pickled BertClassifier has its weights in {folder}, which is missing: put the "
            f"folder back, or fit the estimator again"
        )
    return load(folder)


def _place(model_dir: str | PathLike[str] | None) -> Path:
    if model_dir is not None:
        return Path(model_dir).expanduser().resolve()
    cache = user_cache()
    if cache is None:
        raise InputError("there is no cache folder to keep the weights in: give model_dir")
    return cache / "estimators"
