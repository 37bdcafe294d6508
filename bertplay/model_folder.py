"""The folder of a trained model: config.json, model.safetensors and tokenizer.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import mlx.nn as nn

from bertplay.adapters.merging import merged_arrays
from bertplay.atomic_files import write_folder, write_json
from bertplay.data.errors import InputError
from bertplay.data.tokenizer import load_tokenizer, require_tokens_fit
from bertplay.decisions.decisions import Decisions, write_decisions
from bertplay.encoders.checkpoint import WEIGHTS_FILE, read_safetensors, require_same_names
from bertplay.encoders.config import EncoderConfig
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.families import build_encoder, read_config
from bertplay.encoders.quantization import Quantization, read_quantization
from bertplay.encoders.quantizing import quantize_encoder
from bertplay.named_arrays import named_arrays

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ADAPTER_FILE = "adapter.json"
"""What an adapter's folder has in place of config.json."""

_HEAD = "head."


def write_model(
    folder: Path,
    encoder: Encoder,
    tokenizer: Tokenizer,
    heads: Mapping[str, mx.array],
    facts: Mapping[str, Any],
    replaced: Mapping[str, mx.array] | None = None,
    decisions: Decisions | None = None,
) -> None:
    """Write a model, the folder as a whole at once.

    The encoder's tensors have Hugging Face's names with its family's prefix, so that
    `bertplay.encoders.load_encoder` and transformers' `AutoModel` read them too; adapters are
    merged into the weights, and quantized weights are written in full precision.

    Args:
        folder: replaced if it exists.
        encoder: of the model.
        tokenizer: of the encoder.
        heads: tensors of the head or heads.
        facts: how to use the model, ready for JSON.
        replaced: encoder tensors by name that differ from those the model holds.
        decisions: how its logits become decisions; None where there is nothing to keep.
    """
    arrays = merged_arrays(encoder) | dict(replaced or {})
    tensors = stored_tensors(arrays, heads, encoder.config.prefix)
    config = encoder.config.as_dict() | {"bertplay": dict(facts)}
    _write(folder, tensors, tokenizer, config, decisions)


def write_quantized_model(
    folder: Path,
    encoder: Encoder,
    tokenizer: Tokenizer,
    heads: Mapping[str, mx.array],
    facts: Mapping[str, Any],
    quantization: Quantization,
    decisions: Decisions | None = None,
) -> None:
    """Write a model whose encoder was quantized, with its weights as MLX packs them.

    bertplay reads it like any other model; transformers does not.

    Args:
        folder: replaced if it exists.
        encoder: of the model, as `quantize_encoder` left it.
        tokenizer: of the encoder.
        heads: tensors of the head or heads.
        facts: how to use the model, ready for JSON.
        quantization: of the encoder.
        decisions: how its logits become decisions; None where there is nothing to keep.
    """
    tensors = stored_tensors(named_arrays(encoder.parameters()), heads, encoder.config.prefix)
    config = encoder.config.as_dict() | quantization.as_dict() | {"bertplay": dict(facts)}
    _write(folder, tensors, tokenizer, config, decisions)


def _write(
    folder: Path,
    tensors: Mapping[str, mx.array],
    tokenizer: Tokenizer,
    config: Mapping[str, Any],
    decisions: Decisions | None,
) -> None:
    def write(target: Path) -> None:
        mx.save_safetensors(str(target / WEIGHTS_FILE), dict(tensors), {"format": "mlx"})
        write_json(target / "config.json", config)
        tokenizer.save(str(target / "tokenizer.json"))
        if decisions is not None:
            write_decisions(target, decisions)

    write_folder(folder, write)


def stored_tensors(
    encoder: Mapping[str, mx.array], heads: Mapping[str, mx.array], prefix: str
) -> dict[str, mx.array]:
    """The tensors of an encoder and of its heads by the names that they are stored under."""
    tensors = {prefix + name: value for name, value in encoder.items()}
    return tensors | {_HEAD + name: value for name, value in heads.items()}


def encoder_tensors(stored: Mapping[str, mx.array], prefix: str) -> dict[str, mx.array]:
    """Those of stored tensors that are the encoder's, by their names in the encoder."""
    return dict(_named(stored, prefix))


def _named(stored: Mapping[str, mx.array], prefix: str) -> list[tuple[str, mx.array]]:
    return [
        (name.removeprefix(prefix), tensor)
        for name, tensor in stored.items()
        if name.startswith(prefix)
    ]


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model folder that was read.

    Attributes:
        folder: where it lies.
        config: of the encoder.
        facts: how to use the model, as `write_model` was told.
        tensors: all of them, by name.
        backbone: encoder and tokenizer, where they are not in the folder: those that an adapter
            was put on.
        quantization: of the encoder; None in full precision.
    """

    folder: Path
    config: EncoderConfig
    facts: Mapping[str, Any]
    tensors: Mapping[str, mx.array]
    backbone: tuple[Encoder, Tokenizer] | None = None
    quantization: Quantization | None = None

    @property
    def description(self) -> Path:
        """The file that says how to use the model."""
        return self.folder / ("config.json" if self.backbone is None else ADAPTER_FILE)

    def encoder(self) -> Encoder:
        """An encoder of the stored shape, whose weights `fill` loads."""
        if self.backbone is not None:
            return self.backbone[0]
        encoder = build_encoder(self.config, encoder_tensors(self.tensors, self.config.prefix))
        if self.quantization is not None:
            quantize_encoder(encoder, self.quantization)
        return encoder

    def tokenizer(self) -> Tokenizer:
        """The encoder's."""
        if self.backbone is not None:
            return self.backbone[1]
        tokenizer = load_tokenizer(self.folder)
        require_tokens_fit(tokenizer, self.config.vocab_size, self.folder)
        return tokenizer

    def fill(self, encoder: Any, heads: Mapping[str, nn.Module]) -> None:
        """Load the weights.

        Args:
            encoder: from `encoder()`.
            heads: prefix of the tensors' names, after `head.`, to the module that holds them.

        Raises:
            InputError: a tensor is missing, superfluous or of another shape.
        """
        prefix = self.config.prefix
        expected = {prefix + n: value for n, value in named_arrays(encoder.parameters()).items()}
        for path, head in heads.items():
            expected |= {_HEAD + path + n: value for n, value in head_tensors(head).items()}
        described = self.description.name
        require_same_names(self.tensors, expected, self.folder, described=described)
        encoder.load_weights(_named(self.tensors, prefix))
        for path, head in heads.items():
            names = head_tensors(head)
            found = [(n, t) for n, t in _named(self.tensors, _HEAD + path) if n in names]
            head.load_weights(found, strict=False)

    def incomplete(self, error: Exception) -> InputError:
        """What to raise where a fact is missing or wrong."""
        return InputError(
            f"{self.description} does not say how to use the model ({error}): train it again"
        )


def read_model(run: str | PathLike[str]) -> StoredModel:
    """Read the model of a run directory, or of its `model` folder.

    Raises:
        InputError: it is no run, it has no model yet, or a file of it is damaged.
    """
    given = Path(run).expanduser()
    folder = given / "model" if (given / "model").is_dir() else given
    if not (folder / "config.json").is_file():
        raise InputError(
            f"{run} is no run with a trained model: give the folder that `bertplay train` wrote"
        )
    config = read_config(folder)
    facts = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("bertplay")
    if facts is None:
        raise InputError(
            f"{run} holds an encoder without a head: train it first with "
            f"`bertplay train --backbone {run}`"
        )
    tensors = read_safetensors(folder / WEIGHTS_FILE)
    return StoredModel(folder, config, facts, tensors, quantization=read_quantization(folder))


def head_tensors(head: nn.Module) -> dict[str, mx.array]:
    """A head's weights, without the arrays of its loss, which is for training only."""
    return {
        name: value
        for name, value in named_arrays(head.parameters()).items()
        if ".loss." not in f".{name}"
    }
