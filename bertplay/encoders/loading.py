"""Load a pretrained encoder and its tokenizer from a folder or from the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import mlx.core as mx
from mlx.utils import tree_flatten

from bertplay.backbones import MINI
from bertplay.data.errors import InputError
from bertplay.data.tokenizer import load_tokenizer, require_tokens_fit
from bertplay.encoders.checkpoint import read_encoder_tensors, require_same_names
from bertplay.encoders.config import EncoderConfig
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.families import build_encoder, read_config
from bertplay.encoders.quantization import read_quantization
from bertplay.encoders.quantizing import dequantize_words, quantize_encoder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MINI_FOLDER = Path(__file__).with_name(MINI)
_HUB_FILES = ("config.json", "*.safetensors", "*.safetensors.index.json", "*.bin.index.json")
_HUB_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
)


def load_encoder(
    path_or_repo: str | PathLike[str], *, dtype: mx.Dtype = mx.float32
) -> tuple[Encoder, Tokenizer]:
    """Load an encoder and its tokenizer.

    Args:
        path_or_repo: a folder with config.json, safetensors (one file or sharded) and
            tokenizer.json, vocab.txt, or vocab.json and merges.txt; or a Hugging Face repo id,
            downloaded once into its cache; or "mini" for the encoder that comes with bertplay.
        dtype: the type of the weights and of the arithmetic; layer norm statistics, softmax and
            GELU are computed in fp32 whatever it is.

    Returns:
        The encoder, in evaluation mode (no dropout), and the tokenizer. `encoder(input_ids,
        attention_mask).last_hidden_state` is `[B, L, H]`. Of a quantized model the linear maps stay
        in few bits, and the word embeddings, of which training takes the used ones, do not.

    Raises:
        InputError: nothing is there, it is of no known family, its weights are pickled or damaged,
            or a tensor is missing or not known.
    """
    folder = find_model(path_or_repo)
    config = read_config(folder)
    tokenizer = load_tokenizer(folder)
    require_tokens_fit(tokenizer, config.vocab_size, folder)
    tensors = read_encoder_tensors(folder, config.prefix)
    return filled_encoder(config, tensors, folder, dtype=dtype), tokenizer


def filled_encoder(
    config: EncoderConfig,
    tensors: Mapping[str, mx.array],
    folder: Path,
    *,
    dtype: mx.Dtype = mx.float32,
) -> Encoder:
    """An encoder with its weights, in evaluation mode.

    Args:
        config: of the encoder.
        tensors: its weights by name, all of them and no other.
        folder: where they come from, for messages.
        dtype: the type of the weights and of the arithmetic.

    Raises:
        InputError: a tensor is missing, superfluous or of another shape.
    """
    encoder = build_encoder(config, tensors)
    quantization = read_quantization(folder)
    if quantization is not None:
        quantize_encoder(encoder, quantization)
    require_same_names(tensors, dict(tree_flatten(encoder.parameters())), folder)
    encoder.load_weights([(name, _as(dtype, tensor)) for name, tensor in tensors.items()])
    if quantization is not None:
        dequantize_words(encoder)
    encoder.eval()
    mx.eval(encoder.parameters())
    return encoder


def _as(dtype: mx.Dtype, tensor: mx.array) -> mx.array:
    """In a type, but for the packed bits of quantized weights."""
    return tensor if tensor.dtype == mx.uint32 else tensor.astype(dtype)


def find_model(path_or_repo: str | PathLike[str]) -> Path:
    """The local folder of a model; a repo id is downloaded first.

    Raises:
        InputError: neither a folder nor a repo that can be downloaded.
    """
    if path_or_repo == MINI:
        return _MINI_FOLDER
    folder = Path(path_or_repo).expanduser()
    if folder.is_dir():
        return folder
    name = str(path_or_repo)
    if folder.exists():
        raise InputError(f"{name} is a file: give the folder of a model")
    if name.count("/") > 1 or name.startswith((".", "/", "~")):
        raise InputError(f"{name}: there is no such folder")
    return _download(name)


def _download(repo: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        return Path(snapshot_download(repo, allow_patterns=[*_HUB_FILES, *_HUB_TOKENIZER_FILES]))
    except (RepositoryNotFoundError, GatedRepoError, HFValidationError):
        raise InputError(
            f"{repo!r} is neither a folder here nor a public model on the Hugging Face Hub"
        ) from None
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, OSError):
        raise InputError(
            f"{repo!r} is no folder here, and the Hugging Face Hub could not be reached to "
            f"download it: give a folder, or try again online"
        ) from None
