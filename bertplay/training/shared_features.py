"""What frozen layers make of texts, kept in a folder for runs with the same encoder and texts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np

from bertplay.atomic_files import write_atomically
from bertplay.data.token_rows import TokenIds, token_counts
from bertplay.named_arrays import named_arrays
from bertplay.training.frozen_features import FrozenFeatures
from bertplay.training.frozen_part import FrozenPart, frozen_features


def shared_features(
    folder: Path,
    part: FrozenPart,
    token_ids: TokenIds,
    pad_id: int,
    on_batch: Callable[[int], None] = lambda rows: None,
) -> FrozenFeatures:
    """The features of `frozen_features`, bit for bit; read from the folder where they lie there.

    Args:
        folder: of one version of bertplay; there is a file for each encoder and table.
        part: of the model.
        token_ids: N arrays of token ids.
        pad_id: the padding token.
        on_batch: is told how many rows each batch had; all at once where they are read.

    Raises:
        OSError: the folder or that for temporary files is missing or full.
    """
    path = folder / f"{_fingerprint(part, token_ids, pad_id)}.npy"
    if not path.exists():
        made = frozen_features(part, token_ids, pad_id, on_batch)
        write_atomically(path, lambda temporary: _save(temporary, made))
        return made
    offsets = np.concatenate([[0], np.cumsum(part.counts(token_ids))])
    values = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    on_batch(len(token_ids))
    return FrozenFeatures(values, offsets, pooled=part.pool is not None)


def _save(path: Path, features: FrozenFeatures) -> None:
    with path.open("wb") as file:
        np.save(file, features.values, allow_pickle=False)


def _fingerprint(part: FrozenPart, token_ids: TokenIds, pad_id: int) -> str:
    """Of all that decides the features, the order of the texts among it: they go in batches."""
    digest = hashlib.sha256()
    kind, pool = type(part.encoder).__name__, getattr(part.pool, "__name__", None)
    digest.update(repr((kind, part.encoder.config, part.layers, pool, pad_id)).encode())
    for name, tensor in named_arrays(part.encoder.parameters()).items():
        digest.update(f"{name} {tensor.dtype} {tensor.shape}\0".encode())
        # Read as bytes, as numpy has no bfloat16.
        digest.update(np.array(mx.view(tensor.reshape(-1), mx.uint8)).tobytes())
    digest.update(token_counts(token_ids).tobytes())
    for ids in token_ids:
        digest.update(np.asarray(ids, dtype=np.int32).tobytes())
    return digest.hexdigest()
