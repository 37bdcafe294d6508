"""Where a model may be written."""

from __future__ import annotations

import json
from pathlib import Path

from bertplay.data.errors import InputError
from bertplay.decisions.decisions import DECISIONS_FILE


def require_model_destination(folder: Path, *, overwrite: bool) -> None:
    """Check that a model may be written to a folder; nothing is changed yet.

    Args:
        folder: to be made, or replaced.
        overwrite: a model of bertplay's may be replaced.

    Raises:
        InputError: the folder holds a model and `overwrite` is off, or it holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--output {folder} is a file: name a folder")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not _is_model(folder):
        raise InputError(
            f"--output {folder} holds files that are no model of bertplay: name another folder"
        )
    if not overwrite:
        raise InputError(
            f"--output {folder} already holds a model: name another folder, or replace it with "
            "--overwrite"
        )


def _is_model(folder: Path) -> bool:
    """Whether a folder holds a model of ours and nothing else, as all of it would be replaced."""
    names = {path.name for path in folder.iterdir()}
    if names - {DECISIONS_FILE} != {"config.json", "model.safetensors", "tokenizer.json"}:
        return False
    try:
        return "bertplay" in json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False
