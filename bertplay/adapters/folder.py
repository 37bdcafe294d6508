"""The folder of an adapter: adapter.json and adapter.safetensors, small without the backbone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import mlx.core as mx

from bertplay.adapters.adding import adapter_arrays, add_adapters
from bertplay.adapters.settings import AdapterSettings
from bertplay.atomic_files import write_folder, write_json
from bertplay.data.errors import InputError
from bertplay.decisions.decisions import Decisions, write_decisions
from bertplay.encoders.checkpoint import read_safetensors, require_same_names, weight_files
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.loading import find_model, load_encoder
from bertplay.encoders.quantizing import fitting, quantize_linears
from bertplay.model_folder import ADAPTER_FILE, StoredModel, encoder_tensors, stored_tensors
from bertplay.named_arrays import named_arrays

WEIGHTS_FILE = "adapter.safetensors"


@dataclass(frozen=True)
class AdapterOrigin:
    """What an adapter was made with, and the backbone that it belongs to.

    Attributes:
        settings: of the adapter.
        quantize: bits of the backbone's linear maps, 0 where they are not quantized.
        backbone: a name of bertplay's own, a Hugging Face repo id, or a folder.
        sha256: of the backbone's weights.
    """

    settings: AdapterSettings
    quantize: int
    backbone: str
    sha256: str


def origin_of(settings: AdapterSettings, quantize: int, backbone: str) -> AdapterOrigin:
    """The origin of an adapter that is made now.

    Args:
        settings: of the adapter.
        quantize: bits of the backbone's linear maps, or 0.
        backbone: as the user named it.
    """
    folder = find_model(backbone)
    named = Path(backbone).expanduser()
    # A folder is named so that it is found from anywhere.
    name = str(named.resolve()) if named.is_dir() else backbone
    return AdapterOrigin(settings, quantize, name, _sha256(folder))


def write_adapter(
    folder: Path,
    origin: AdapterOrigin,
    encoder: Encoder,
    heads: Mapping[str, mx.array],
    facts: Mapping[str, Any],
    decisions: Decisions | None = None,
) -> None:
    """Write an adapter with its head, the folder as a whole at once.

    Args:
        folder: replaced if it exists.
        origin: of the adapter.
        encoder: with the adapter.
        heads: tensors of the head or heads.
        facts: how to use the model, as `bertplay.model_folder.write_model` is told.
        decisions: how its logits become decisions; None where there is nothing to keep.
    """
    tensors = stored_tensors(adapter_arrays(encoder), heads, encoder.config.prefix)
    values = {
        "adapter": asdict(origin.settings),
        "quantize": origin.quantize,
        "backbone": {"name": origin.backbone, "sha256": origin.sha256},
        "bertplay": dict(facts),
    }

    def write(target: Path) -> None:
        mx.save_safetensors(str(target / WEIGHTS_FILE), tensors, {"format": "mlx"})
        write_json(target / ADAPTER_FILE, values)
        if decisions is not None:
            write_decisions(target, decisions)

    write_folder(folder, write)


def is_adapter(folder: str | PathLike[str]) -> bool:
    """Whether a folder holds an adapter."""
    return (Path(folder).expanduser() / ADAPTER_FILE).is_file()


def read_adapter(
    folder: str | PathLike[str], backbone: str | PathLike[str] | None = None
) -> StoredModel:
    """Read an adapter, and put it on its backbone.

    Args:
        folder: of the adapter, or of the run that holds it.
        backbone: where it lies now; by default where it lay when the adapter was trained.

    Raises:
        InputError: it is no adapter, a file of it is damaged, the backbone cannot be loaded, or
            it is not the one that the adapter was trained on.
    """
    place = _adapter_place(folder)
    origin, facts = _read_description(place / ADAPTER_FILE)
    name = origin.backbone if backbone is None else backbone
    encoder, tokenizer = load_encoder(name)
    if _sha256(find_model(name)) != origin.sha256:
        raise InputError(
            f"{place} was trained on other weights than {name} has: give the backbone that it was "
            f"trained on, {origin.backbone} as it was then"
        )
    if origin.quantize:
        quantize_linears(encoder, fitting(encoder, origin.quantize))
    add_adapters(encoder, origin.settings)
    found = read_safetensors(place / WEIGHTS_FILE)
    prefix = encoder.config.prefix
    require_same_names(
        encoder_tensors(found, prefix), adapter_arrays(encoder), place, described=ADAPTER_FILE
    )
    whole = stored_tensors(named_arrays(encoder.parameters()), {}, prefix) | found
    return StoredModel(place, encoder.config, facts, whole, (encoder, tokenizer))


def read_origin(folder: str | PathLike[str]) -> AdapterOrigin:
    """What an adapter was made with.

    Args:
        folder: of the adapter, or of the run that holds it.

    Raises:
        InputError: it is no adapter, or its description is damaged.
    """
    return _read_description(_adapter_place(folder) / ADAPTER_FILE)[0]


def _adapter_place(folder: str | PathLike[str]) -> Path:
    given = Path(folder).expanduser()
    place = given if is_adapter(given) else given / "adapter"
    if not is_adapter(place):
        raise InputError(
            f"{folder} holds no adapter: give the folder `adapter` of a run that was trained with "
            "--adapter"
        )
    return place


def _read_description(path: Path) -> tuple[AdapterOrigin, dict[str, Any]]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        adapter = dict(values["adapter"])
        settings = AdapterSettings(**{**adapter, "targets": tuple(adapter["targets"])})
        backbone, facts = values["backbone"], dict(values["bertplay"])
        origin = AdapterOrigin(
            settings, int(values["quantize"]), str(backbone["name"]), str(backbone["sha256"])
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} does not describe an adapter ({error}): train it again") from None
    return origin, facts


def _sha256(folder: Path) -> str:
    """Of the weight files' bytes, one after the other."""
    digest = hashlib.sha256()
    for path in weight_files(folder):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
