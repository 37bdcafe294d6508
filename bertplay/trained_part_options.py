"""The options that say what of the encoder is trained, checked together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bertplay.adapters.settings import AdapterSettings, split_targets
from bertplay.backbones import SCRATCH
from bertplay.data.errors import InputError
from bertplay.freezing import freeze_stages

if TYPE_CHECKING:
    from bertplay.options import TrainOptions

_OF_ADAPTER = ("adapter_rank", "adapter_alpha", "adapter_dropout", "adapter_targets")
_BITS = (0, 4, 8)


def adapter_settings(options: TrainOptions) -> AdapterSettings | None:
    """The adapter's settings, with defaults for those that were left open; None without one.

    Raises:
        InputError: one of them is outside its range, or a target is unknown.
    """
    if options.adapter == "none":
        return None
    given = {name.removeprefix("adapter_"): getattr(options, name) for name in _OF_ADAPTER}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if "targets" in values:
        values["targets"] = split_targets(values["targets"])
    return AdapterSettings(options.adapter, **values)


def require_trained_part(options: TrainOptions) -> None:
    """Refuse freezing, adapters and quantization that are wrong or exclude each other.

    Raises:
        InputError: names the option, or the two, and says what to do.
    """
    stages = freeze_stages(options.freeze, options.unfreeze)
    adapted = adapter_settings(options) is not None
    frozen = stages[1]
    for name in _OF_ADAPTER:
        if getattr(options, name) is not None and not adapted:
            raise InputError(f"{name} needs an adapter: give adapter, lora or dora")
    if adapted and frozen not in ("none", "embeddings"):
        raise InputError(
            f"adapter {options.adapter} freezes the encoder by itself, and freeze "
            f"{frozen} contradicts it: leave freeze out"
        )
    if len(stages) > 1 and (adapted or options.quantize):
        name = f"adapter {options.adapter}" if adapted else f"quantize {options.quantize}"
        raise InputError(
            f"unfreeze would train weights that {name} leaves as they are: leave unfreeze out"
        )
    if options.epochs is not None and max(stages) > options.epochs:
        raise InputError(
            f"unfreeze has epoch {max(stages)}, and epochs is {options.epochs}: that stage would "
            "never come"
        )
    if options.quantize not in _BITS:
        raise InputError(f"quantize is {options.quantize}: choose 8 or 4 bits, or 0 for none")
    if options.quantize and not adapted and frozen != "full":
        raise InputError(
            f"quantize {options.quantize} gives weights that cannot be trained: give an adapter, "
            "or freeze full"
        )
    if options.backbone == SCRATCH and (adapted or options.quantize):
        name = "adapter" if adapted else "quantize"
        raise InputError(
            f"{name} {getattr(options, name)} needs a pretrained backbone, and the weights of "
            "scratch are random: give another backbone"
        )
