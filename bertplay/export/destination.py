"""Where an export may be written."""

from __future__ import annotations

import os
from pathlib import Path

from bertplay.data.errors import InputError

CARD = "README.md"
_FILES = {
    CARD,
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "bertplay_head.safetensors",
    "bertplay_head.json",
    "decisions.json",
    "model.onnx",
    "adapter_config.json",
    "adapter_model.safetensors",
    "backbone",
}


def require_destination(folder: Path, *, overwrite: bool) -> None:
    """Check that an export may be written to a folder; nothing is changed yet.

    Args:
        folder: to be made, or replaced.
        overwrite: an older export may be replaced.

    Raises:
        InputError: the folder exists and may not be replaced, or cannot be written.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise InputError(f"--output {folder}: {existing} is a file, name a folder")
    # It is written beside its place, and then put there.
    place = existing.absolute().parent if existing == folder else existing
    if not os.access(place, os.W_OK | os.X_OK):
        raise InputError(
            f"--output {folder} cannot be written, you lack the permission for {place}: name "
            "another folder"
        )
    if existing != folder or not any(folder.iterdir()):
        return
    if not _is_export(folder):
        raise InputError(
            f"--output {folder} holds files that are no export of bertplay: name another folder"
        )
    if not overwrite:
        raise InputError(
            f"--output {folder} already holds an export: name another folder, or replace it with "
            "--overwrite"
        )


def _is_export(folder: Path) -> bool:
    """Whether a folder holds what an export writes and nothing else, as all would be replaced."""
    names = {path.name for path in folder.iterdir()}
    return CARD in names and names <= _FILES
