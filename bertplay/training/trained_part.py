"""What of an encoder is trained: all of it, its upper layers, adapters, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from bertplay.adapters.adding import adapter_arrays, add_adapters
from bertplay.adapters.folder import AdapterOrigin, origin_of
from bertplay.adapters.merging import merged_arrays
from bertplay.data.errors import InputError
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.quantizing import fitting, quantize_linears, quantized_bits
from bertplay.freezing import apply_freeze, freeze_stages
from bertplay.named_arrays import named_arrays
from bertplay.options import TrainOptions
from bertplay.trained_part_options import adapter_settings


def choose_trained_part(encoder: Encoder, options: TrainOptions) -> AdapterOrigin | None:
    """Freeze, quantize and adapt an encoder as the options say.

    Args:
        encoder: as it was loaded; changed in place.
        options: of the run.

    Returns:
        What the adapter belongs to; None without one.

    Raises:
        InputError: the encoder has fewer layers than are to be frozen, cannot be quantized, or is
            quantized and not frozen.
    """
    _require_trainable(encoder, options)
    stages = freeze_stages(options.freeze, options.unfreeze)
    # All of them, so that a stage that this encoder cannot have is refused now; the first last.
    for epoch in sorted(stages, reverse=True):
        apply_freeze(encoder, stages[epoch])
    if options.quantize:
        quantize_linears(encoder, fitting(encoder, options.quantize))
    settings = adapter_settings(options)
    if settings is None:
        return None
    add_adapters(encoder, settings)
    return origin_of(settings, options.quantize, options.backbone)


def _require_trainable(encoder: Encoder, options: TrainOptions) -> None:
    """Refuse to train weights that the backbone has in few bits, or to quantize them again."""
    bits = quantized_bits(encoder)
    if not bits:
        return
    if options.quantize:
        raise InputError(
            f"quantize is {options.quantize}, but {options.backbone} is in {bits} bits already: "
            "leave quantize out"
        )
    frozen = set(freeze_stages(options.freeze, options.unfreeze).values()) == {"full"}
    if not frozen and adapter_settings(options) is None:
        raise InputError(
            f"{options.backbone} is in {bits} bits, which are not trained: give an adapter, such "
            "as lora, or freeze full, or train the model that it was made of"
        )


def trainable_numbers(model: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(leaf.size for leaf in named_arrays(model.trainable_parameters()).values())


def all_numbers(
    encoder: Encoder, heads: Mapping[str, mx.array], whole_tensors: Mapping[str, mx.array]
) -> int:
    """How many numbers a model has, trained or not.

    Args:
        encoder: of the model; a quantized weight counts as the numbers that it stands for.
        heads: tensors of the head or heads.
        whole_tensors: encoder tensors by name that count in place of the encoder's, or besides.
    """
    of_encoder = merged_arrays(encoder) | dict(whole_tensors)
    parts = (of_encoder, adapter_arrays(encoder), heads)
    return sum(array.size for part in parts for array in part.values())


def trained_part_facts(options: TrainOptions, trainable: int, total: int) -> dict[str, Any]:
    """What was trained, as summary.json has it.

    Args:
        options: of the run.
        trainable: how many numbers are trained.
        total: how many numbers the model has.
    """
    settings = adapter_settings(options)
    return {
        "parameters": {"trainable": trainable, "total": total},
        "freeze": options.freeze,
        **({} if options.unfreeze is None else {"unfreeze": options.unfreeze}),
        **({} if settings is None else {"adapter": asdict(settings)}),
        **({"quantize": options.quantize} if options.quantize else {}),
    }
