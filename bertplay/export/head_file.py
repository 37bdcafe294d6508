"""A head that transformers has no class for: its tensors in a file of their own."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx

from bertplay.export.head_settings import head_settings
from bertplay.heads import ClassificationHeadV2
from bertplay.model_folder import head_tensors

HEAD_FILE = "bertplay_head.safetensors"
HEAD_ENTRY = "bertplay_head"
"""The key of config.json that has the head's settings."""


def write_head(folder: Path, head: ClassificationHeadV2) -> None:
    """Write a head's tensors by the names that they have in `ClassificationHeadV2`.

    Linear maps have `weight` `[outputs, inputs]` and `bias` `[outputs]`, as in PyTorch.

    Args:
        folder: exists.
        head: of a trained model.
    """
    tensors = {name: tensor.astype(mx.float32) for name, tensor in head_tensors(head).items()}
    settings = head_settings(head).as_dict()
    metadata = {"format": "pt", **{name: str(value) for name, value in settings.items()}}
    mx.save_safetensors(str(folder / HEAD_FILE), tensors, metadata)
