"""The families of encoders, chosen by the model_type of a folder's config.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import mlx.core as mx

from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed
from bertplay.encoders.bert import BertEncoder
from bertplay.encoders.config import SIZES, BertConfig, EncoderConfig
from bertplay.encoders.deberta import DebertaConfig, DebertaEncoder
from bertplay.encoders.distilbert import DistilBertConfig, DistilBertEncoder
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.modernbert import ModernBertConfig, ModernBertEncoder
from bertplay.encoders.mpnet import MPNetConfig, MPNetEncoder
from bertplay.encoders.roberta import RobertaConfig, RobertaEncoder, XlmRobertaConfig

_CLASSIFIER = "ForSequenceClassification"


@dataclass(frozen=True)
class Family:
    """How encoders of a family are described and built.

    Attributes:
        config: a dataclass, see `EncoderConfig`.
        encoder: called as `encoder(config)`.
        pooler: whether checkpoints may have a pooler; then called as `encoder(config, pooler=...)`.
    """

    config: Any
    encoder: Any
    pooler: bool = False


FAMILIES: Mapping[str, Family] = {
    family.config.model_type: family
    for family in (
        Family(BertConfig, BertEncoder, pooler=True),
        Family(RobertaConfig, RobertaEncoder, pooler=True),
        Family(XlmRobertaConfig, RobertaEncoder, pooler=True),
        Family(DistilBertConfig, DistilBertEncoder),
        Family(ModernBertConfig, ModernBertEncoder),
        Family(DebertaConfig, DebertaEncoder),
        Family(MPNetConfig, MPNetEncoder, pooler=True),
    )
}
"""By model_type."""


def build_encoder(config: EncoderConfig, tensors: Mapping[str, mx.array] | None = None) -> Encoder:
    """An encoder with weights to be loaded.

    Args:
        config: of the encoder.
        tensors: its tensors by name, of which a pooler's decide whether it gets one.
    """
    family = FAMILIES[config.model_type]
    if not family.pooler:
        encoder: Encoder = family.encoder(config)
    else:
        encoder = family.encoder(config, pooler="pooler.dense.weight" in (tensors or {}))
    return encoder


def read_config(folder: Path) -> EncoderConfig:
    """Read `folder/config.json`.

    Raises:
        InputError: the file is missing, is no JSON, lacks a size, or describes another model.
    """
    values = read_config_values(folder)
    path = folder / "config.json"
    model_type = values.get("model_type", "bert")
    if not isinstance(model_type, str) or model_type not in FAMILIES:
        known = list(FAMILIES)
        raise InputError(
            f"{path}: model_type is {model_type!r}, which is not supported; bertplay reads "
            f"{listed(known)}{did_you_mean(str(model_type), known)}"
        )
    positions = values.get("position_embedding_type", "absolute")
    if positions != "absolute":
        raise InputError(
            f"{path}: position_embedding_type is {positions!r}; only 'absolute' is supported"
        )
    config: Any = FAMILIES[model_type].config
    written = getattr(config, "names", {})
    own = {name: written.get(name, name) for name in (field.name for field in fields(config))}
    missing = [own[name] for name in SIZES if own[name] not in values]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}")
    # null means "the default" in files that older tools wrote.
    given = {name: values[key] for name, key in own.items() if values.get(key) is not None}
    try:
        read: EncoderConfig = config(**given)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return read


def read_config_values(folder: Path) -> dict[str, Any]:
    """All that `folder/config.json` says.

    Raises:
        InputError: the file is missing or holds no JSON object.
    """
    path = folder / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{folder} has no config.json: give the folder of an encoder such as BERT"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid JSON ({error})") from None
    if not isinstance(values, dict):
        raise InputError(f"{path} must hold a JSON object")
    return values


def has_own_head(folder: Path) -> bool:
    """Whether a folder holds a model of transformers with a head for classes or a number.

    Args:
        folder: of anything.

    Raises:
        InputError: its config.json holds no JSON object.
    """
    if not (folder / "config.json").is_file():
        return False
    values = read_config_values(folder)
    named = values.get("architectures")
    named = named if isinstance(named, list) else []
    return "bertplay" not in values and any(str(n).endswith(_CLASSIFIER) for n in named)
