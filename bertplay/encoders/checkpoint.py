"""Read and write an encoder's tensors as safetensors, strictly: every tensor has its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import mlx.core as mx

from bertplay.data.errors import InputError
from bertplay.encoders.compact import expand

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"

# Tensors of Hugging Face's checkpoints that are not the encoder's: heads of other tasks.
_OTHER_HEADS = ("cls.", "classifier.", "qa_outputs.", "head.")
# Counters that old versions of transformers saved with the weights.
_BUFFERS = ("embeddings.position_ids",)
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def read_encoder_tensors(folder: Path, prefix: str) -> dict[str, mx.array]:
    """The encoder's tensors by Hugging Face's names, without their prefix; none compact.

    Args:
        folder: holds model.safetensors, or model.safetensors.index.json and the files it names.
        prefix: what the names begin with where there is a head beside the encoder, as `bert.`.

    Raises:
        InputError: there are no weights, only pickled ones, or a file is damaged.
    """
    return encoder_part(expand(read_all_tensors(folder)), prefix)


def encoder_part(tensors: Mapping[str, mx.array], prefix: str) -> dict[str, mx.array]:
    """Those of a checkpoint's tensors that are the encoder's, without their prefix."""
    prefixed = any(name.startswith(prefix) for name in tensors)
    encoder = {}
    for name, tensor in tensors.items():
        short = name.removeprefix(prefix)
        foreign = not name.startswith(prefix) if prefixed else name.startswith(_OTHER_HEADS)
        if not foreign and short not in _BUFFERS:
            encoder[_modern_name(short)] = tensor
    return encoder


def read_all_tensors(folder: Path) -> dict[str, mx.array]:
    """The tensors of all weight files of a folder.

    Raises:
        InputError: there are no weights, only pickled ones, or a file is damaged.
    """
    tensors: dict[str, mx.array] = {}
    for path in weight_files(folder):
        tensors.update(read_safetensors(path))
    return tensors


def read_safetensors(path: Path) -> dict[str, mx.array]:
    """All tensors of one safetensors file.

    Raises:
        InputError: the file is missing, truncated or no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        # The header is checked against the file's length here; MLX reads the tensors, bf16 as well.
        with safe_open(path, framework="numpy"):
            pass
        loaded = mx.load(str(path), format="safetensors")
    except FileNotFoundError:
        raise InputError(f"{path} is missing: fetch or copy the model again") from None
    except (SafetensorError, RuntimeError, OSError) as error:
        raise InputError(
            f"{path} is damaged or no safetensors file ({error}): fetch or copy it again"
        ) from None
    assert isinstance(loaded, dict)
    return loaded


def require_same_names(
    found: Mapping[str, mx.array],
    expected: Mapping[str, mx.array],
    source: str | Path,
    *,
    described: str = "config.json",
) -> None:
    """Check that a file holds exactly the tensors that a model has, in the same shapes.

    Raises:
        InputError: names the tensors that are missing, not known, or of another shape.
    """
    problems = []
    if missing := sorted(set(expected) - set(found)):
        problems.append(f"missing: {_some(missing)}")
    if unknown := sorted(set(found) - set(expected)):
        problems.append(f"not part of this model: {_some(unknown)}")
    misshapen = [
        f"{name} is {found[name].shape}, not {expected[name].shape}"
        for name in sorted(set(found) & set(expected))
        if found[name].shape != expected[name].shape
    ]
    if misshapen:
        problems.append(f"of another shape: {_some(misshapen)}")
    if problems:
        raise InputError(f"{source} does not fit the model in {described}; {'; '.join(problems)}")


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model's folder: one, or the shards in the order of their names.

    Raises:
        InputError: there are none, or only pickled ones.
    """
    if (folder / WEIGHTS_FILE).is_file():
        return [folder / WEIGHTS_FILE]
    index = folder / INDEX_FILE
    if index.is_file():
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError, TypeError):
            raise InputError(f"{index} is no index of a sharded safetensors model") from None
        return [folder / name for name in sorted(shards)]
    pickled = [path.name for pattern in _PICKLED for path in sorted(folder.glob(pattern))]
    if pickled:
        raise InputError(
            f"{folder} holds only pickled weights ({pickled[0]}), and unpickling a file can run "
            f"any code in it: use a safetensors version of the model"
        )
    raise InputError(f"{folder} holds no weights: {WEIGHTS_FILE} was expected")


def _modern_name(name: str) -> str:
    """LayerNorm's parameters were called gamma and beta in TensorFlow's checkpoints."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )


def _some(names: Iterable[str], most: int = 5) -> str:
    names = list(names)
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
