"""Parts of an encoder that are not trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from bertplay.data.errors import InputError

if TYPE_CHECKING:
    import mlx.nn as nn

    from bertplay.encoders.encoder import Encoder

FREEZE_NAMES = ("none", "full", "embeddings")


def require_freeze(freeze: str) -> None:
    """Check what `apply_freeze` is told, before there is an encoder.

    Raises:
        InputError: it is neither one of the names nor a number of layers.
    """
    if freeze not in FREEZE_NAMES and not (freeze.isdecimal() and int(freeze) >= 1):
        raise InputError(
            f"freeze is {freeze!r}: choose none, full, embeddings, or how many of the bottom "
            "layers stay as they are, such as 4"
        )


def freeze_stages(freeze: str, unfreeze: str | None) -> dict[int, str]:
    """What is frozen from which epoch on, the first epoch's stage first.

    Args:
        freeze: as `apply_freeze` takes it, from the first epoch on.
        unfreeze: further stages, such as "3:4 5:none": from epoch 3 on the embeddings and the
            bottom 4 layers are frozen, from epoch 5 on nothing.

    Raises:
        InputError: a stage is no epoch and what is frozen from it on, an epoch comes twice or not
            in order, or both arguments are about the first epoch.
    """
    require_freeze(freeze)
    stages = {1: freeze}
    for number, stage in enumerate((unfreeze or "").split()):
        epoch, colon, frozen = stage.partition(":")
        if not (colon and epoch.isdecimal() and int(epoch) >= 1):
            raise InputError(
                f"unfreeze has {stage!r}: give epochs and what is frozen from each on, such as "
                "'1:full 3:4 5:none'"
            )
        require_freeze(frozen)
        if int(epoch) == 1 and freeze != "none":
            raise InputError(
                f"unfreeze {stage} and freeze {freeze} are both about the first epoch: give one"
            )
        if number and int(epoch) <= max(stages):
            raise InputError(f"unfreeze has {stage!r} after epoch {max(stages)}: put them in order")
        stages[int(epoch)] = frozen
    return stages


def stage_of(stages: Mapping[int, str], epoch: int) -> str:
    """What is frozen in an epoch."""
    return stages[max(first for first in stages if first <= epoch)]


def apply_freeze(encoder: Encoder, freeze: str) -> None:
    """Freeze a part of an encoder, and no other.

    The frozen part has no dropout in training either, so that it is a fixed function of the
    texts. A compiled function that trains the encoder must be built anew afterwards.

    Args:
        encoder: without adapters and with plain weights.
        freeze: "none"; "full", the whole encoder; "embeddings"; or a number N as text, the
            embeddings and the bottom N layers.

    Raises:
        InputError: it is none of these, or there are fewer than N layers.
    """
    # Imported here, so that options are checked without MLX.
    from bertplay.encoders.dropout import Dropout

    frozen = _frozen_parts(encoder, freeze)
    encoder.unfreeze()
    for part in frozen:
        part.freeze()
    fixed = {id(module) for part in frozen for module in part.modules()}
    for module in encoder.modules():
        if isinstance(module, Dropout):
            module.frozen = id(module) in fixed


def never_trained(stages: Mapping[int, str], epoch: int, layers: int) -> int:
    """How many of a number of layers no epoch so far has trained, from the bottom on.

    Args:
        stages: of `freeze_stages`.
        epoch: the last one that counts.
        layers: that the encoder has.
    """
    counts = {"none": 0, "embeddings": 0, "full": layers}
    so_far = [frozen for first, frozen in stages.items() if first <= epoch]
    return min(counts[frozen] if frozen in counts else int(frozen) for frozen in so_far)


def frozen_layers(encoder: Encoder) -> int:
    """How many bottom layers are, with the embeddings below them, a fixed function of the texts.

    As the encoder is, however it became so: a layer with an adapter is trained, and one with
    dropout gives something else each time.

    Returns:
        The number of layers; 0 where there is none, or where the embeddings are trained.
    """
    embeddings, *layers = encoder.parts()
    if not _are_fixed(embeddings):
        return 0
    return len(list(takewhile(_are_fixed, layers)))


def _are_fixed(parts: Sequence[nn.Module]) -> bool:
    return all(map(_is_fixed, parts))


def _is_fixed(part: nn.Module) -> bool:
    from bertplay.encoders.dropout import Dropout
    from bertplay.named_arrays import named_arrays

    draws = any(isinstance(m, Dropout) and not m.is_identity for m in part.modules())
    return not draws and not named_arrays(part.trainable_parameters())


def _frozen_parts(encoder: Encoder, freeze: str) -> list[nn.Module]:
    require_freeze(freeze)
    if freeze == "none":
        return []
    if freeze == "full":
        return [encoder]
    embeddings, *layers = encoder.parts()
    if freeze == "embeddings":
        return embeddings
    wanted = int(freeze)
    if wanted > len(layers):
        raise InputError(
            f"freeze is {freeze}, and the backbone has {len(layers)} layers: give at most so many"
        )
    return [part for parts in (embeddings, *layers[:wanted]) for part in parts]
