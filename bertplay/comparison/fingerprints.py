"""What decides the result of a training, to be stored with it: options, backbone, code."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from bertplay.backbones import MINI
from bertplay.options import TrainOptions

# They say what is read and written, not what is trained; what files hold is fingerprinted instead.
PATH_OPTIONS = ("data", "validation", "output", "overwrite", "report", "backbone")


# They show or export what is trained, so that their edits change no result.
_NOT_TRAINING = ("attribution", "comparison", "decisions", "export", "report", "tracking")


def training_settings(options: TrainOptions) -> dict[str, Any]:
    """The options that decide a result, all but the paths."""
    return {name: value for name, value in asdict(options).items() if name not in PATH_OPTIONS}


def folder_sha256(backbone: str) -> str | None:
    """The fingerprint of a checkpoint's weights, configuration and vocabulary."""
    encoders = Path(import_module("bertplay.encoders").__path__[0])
    folder = encoders / MINI if backbone == MINI else Path(backbone)
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".safetensors", ".json", ".txt"):
            digest.update(f"{path.name}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def code_sha256() -> str:
    """The fingerprint of the source files that train and predict, whose edits change results."""
    digest = hashlib.sha256()
    for package in ("bertplay", "bertplay.data", "bertplay.heads", "bertplay.losses"):
        folder = Path(import_module(package).__path__[0])
        for path in sorted(folder.rglob("*.py")):
            if path.relative_to(folder).parts[0] in _NOT_TRAINING:
                continue
            digest.update(path.read_bytes())
    return digest.hexdigest()
