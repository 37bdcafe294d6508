"""LoRA and DoRA adapters in the layout of Hugging Face's PEFT, with the head beside."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path

import mlx.core as mx

from bertplay.adapters.adding import adapter_arrays
from bertplay.adapters.folder import AdapterOrigin, read_origin
from bertplay.atomic_files import write_json
from bertplay.classifier import Classifier
from bertplay.data.errors import InputError
from bertplay.encoders.checkpoint import WEIGHTS_FILE
from bertplay.encoders.loading import load_encoder
from bertplay.export.head_file import write_head
from bertplay.export.head_settings import head_settings
from bertplay.export.hub_names import hub_id
from bertplay.export.tokenizer_files import write_tokenizer
from bertplay.export.transformers_folder import labels
from bertplay.named_arrays import named_arrays

BACKBONE = "backbone"
"""The folder of the backbone, where the Hub does not have it."""
HEAD_SETTINGS = "bertplay_head.json"

_WEIGHTS = "adapter_model.safetensors"
_MODEL = "base_model.model."
_KINDS = {"lora_a": "lora_A.weight", "lora_b": "lora_B.weight", "m": "lora_magnitude_vector"}
"""Arrays of an adapter: our names to PEFT's."""


def write_peft_folder(folder: Path, run: str | PathLike[str], classifier: Classifier) -> None:
    """Write an adapter so that `PeftModel.from_pretrained(backbone, folder)` puts it on.

    A backbone that the Hub does not have by its name is written too, into `backbone/`.

    Args:
        folder: exists, and is empty.
        run: that trained the adapter.
        classifier: with the adapter on its encoder, not merged.

    Raises:
        InputError: the adapter belongs to a quantized backbone.
    """
    origin = read_origin(run)
    if origin.quantize:
        raise InputError(
            f"{run} was trained on a backbone of {origin.quantize} bits, which PEFT would need as "
            "it was: export it with --format hf, which merges the adapter in full precision"
        )
    arrays = adapter_arrays(classifier.encoder)
    tensors = {_peft_name(name): _peft_array(name, array) for name, array in arrays.items()}
    mx.save_safetensors(str(folder / _WEIGHTS), tensors, {"format": "pt"})
    write_json(folder / "adapter_config.json", _config(origin, list(arrays)))
    write_head(folder, classifier.model.head)
    settings = head_settings(classifier.model.head).as_dict()
    write_json(folder / HEAD_SETTINGS, {"head": settings, **labels(classifier)})
    write_tokenizer(folder, classifier)
    if hub_id(origin.backbone) is None:
        (folder / BACKBONE).mkdir()
        _write_backbone(folder / BACKBONE, origin.backbone)


def _peft_name(name: str) -> str:
    """`encoder.layer.0.attention.self.query.lora_a` as PEFT calls it."""
    path, _, kind = name.rpartition(".")
    return f"{_MODEL}{path}.{_KINDS[kind]}"


def _peft_array(name: str, array: mx.array) -> mx.array:
    """The matrices are kept the other way round there, as linear maps have theirs."""
    return mx.contiguous(array.T if array.ndim == 2 else array)


def _config(origin: AdapterOrigin, names: list[str]) -> dict[str, object]:
    settings = origin.settings
    # An expression, as a plain name stands for all maps whose names end with it.
    within = {re.sub(r"\.\d+\.", r".{n}.", name.rpartition(".")[0]) for name in names}
    targets = "|".join(re.escape(path) for path in sorted(within))
    return {
        "peft_type": "LORA",
        "task_type": "FEATURE_EXTRACTION",
        "base_model_name_or_path": hub_id(origin.backbone) or BACKBONE,
        "r": settings.rank,
        "lora_alpha": settings.alpha,
        "lora_dropout": settings.dropout,
        "use_dora": settings.kind == "dora",
        "target_modules": targets.replace(re.escape("{n}"), r"\d+"),
        "bias": "none",
        "fan_in_fan_out": False,
        "modules_to_save": None,
        "inference_mode": True,
    }


def _write_backbone(folder: Path, backbone: str) -> None:
    encoder, _ = load_encoder(backbone)
    tensors = {n: a.astype(mx.float32) for n, a in named_arrays(encoder.parameters()).items()}
    mx.save_safetensors(str(folder / WEIGHTS_FILE), tensors, {"format": "pt"})
    write_json(folder / "config.json", encoder.config.as_dict())
