"""Fingerprints of what decides a benchmark's result beside its options: the backbone, the code."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path

from bertplay.backbones import MINI


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
    """The fingerprint of bertplay's source files, whose edits change results too."""
    digest = hashlib.sha256()
    for package in ("bertplay", "bertplay.data", "bertplay.heads", "bertplay.losses"):
        folder = Path(import_module(package).__path__[0])
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
