"""Put adapters on an encoder's linear maps."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import mlx.nn as nn

from bertplay.adapters.settings import AdapterSettings
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.layer_linears import layer_linears
from bertplay.named_arrays import named_arrays

_BASE = "linear"  # the name of the adapted map within mlx-lm's layers


def add_adapters(encoder: Encoder, settings: AdapterSettings) -> None:
    """Freeze an encoder and put adapters, which are trained instead, on its linear maps.

    The encoder's outputs stay as they are until the adapters are trained, as one of the two thin
    matrices starts at 0. The other is drawn from MLX's random state.

    Args:
        encoder: with plain or quantized linear maps.
        settings: of the adapters.

    Reference:
        Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2022. Liu et al., DoRA:
        Weight-Decomposed Low-Rank Adaptation, 2024.
    """
    # Imported here, as mlx-lm loads transformers.
    from mlx_lm.tuner.dora import DoRALinear
    from mlx_lm.tuner.lora import LoRALinear

    encoder.freeze()
    layer: Any = {"lora": LoRALinear, "dora": DoRALinear}[settings.kind]
    for owner, name in layer_linears(encoder, settings.paths(encoder.linears)):
        adapted = layer.from_base(owner[name], r=settings.rank, scale=settings.scale)
        # Ours, whose draws are the same when a layer is computed again in the backward pass.
        adapted.dropout = Dropout(settings.dropout)
        adapted.train(encoder.training)
        setattr(owner, name, adapted)


def is_adapted(module: nn.Module) -> bool:
    """Whether a linear map has an adapter."""
    return "lora_a" in module


def adapter_arrays(encoder: nn.Module) -> dict[str, mx.array]:
    """The adapters' own arrays by their paths, without the maps they are put on."""
    return {
        f"{path}.{name}": value
        for path, module in encoder.named_modules()
        if is_adapted(module)
        for name, value in named_arrays(module.parameters()).items()
        if not name.startswith(f"{_BASE}.")
    }
