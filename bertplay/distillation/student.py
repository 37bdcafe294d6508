"""The student: a smaller encoder of its teacher's family that starts from parts of its teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_unflatten
from numpy.typing import NDArray

from bertplay.adapters.merging import merged_arrays
from bertplay.data.errors import InputError
from bertplay.encoders.config import EncoderConfig
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.families import build_encoder
from bertplay.encoders.gelu import gelu
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.encoders.linear import Linear
from bertplay.encoders.scratch import initialise
from bertplay.named_arrays import named_arrays

_POOLER = "pooler."


def student_config(
    teacher: EncoderConfig,
    *,
    layers: int,
    hidden: int | None,
    heads: int | None,
    pieces: NDArray[np.int32],
) -> EncoderConfig:
    """The student's sizes.

    Args:
        teacher: of the teacher.
        layers: of the student.
        hidden: size of a token's state; None for the teacher's.
        heads: None for heads as wide as the teacher's.
        pieces: `[V]` the teacher's number of each word piece of the student, ascending.

    Raises:
        InputError: the sizes do not fit together, or the student is deeper than its teacher.
    """
    if layers > teacher.num_hidden_layers:
        raise InputError(
            f"--layers {layers}: the teacher has {teacher.num_hidden_layers}, and a student is no "
            f"deeper"
        )
    hidden = hidden or teacher.hidden_size
    width = teacher.hidden_size // teacher.num_attention_heads
    padding = int(pieces.searchsorted(teacher.pad_token_id))
    config: Any = teacher
    student: EncoderConfig = replace(
        config,
        vocab_size=len(pieces),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads or max(hidden // width, 1),
        intermediate_size=teacher.intermediate_size * hidden // teacher.hidden_size,
        pad_token_id=padding,
    )
    return student


def teacher_layers(student: int, teacher: int) -> tuple[int, ...]:
    """The teacher's layer for each of the student's, evenly spread, the last for the last.

    Args:
        student: number of layers.
        teacher: number of layers.

    Returns:
        Layers counted from 1, as `hidden_states` places them.
    """
    return tuple(-(-(layer + 1) * teacher // student) for layer in range(student))


def student_from(
    teacher: Encoder, config: EncoderConfig, pieces: NDArray[np.int32], *, seed: int
) -> Encoder:
    """A student with the teacher's embeddings and layers where the shapes are the same.

    Each layer starts from the teacher's layer that it will be compared with; what has another
    shape starts from random numbers (Sanh et al. 2019; Turc et al. 2019).

    Args:
        teacher: the encoder to learn from.
        config: of the student.
        pieces: `[V]` the teacher's number of each word piece of the student.
        seed: of the random numbers.
    """
    student = build_encoder(config)
    initialise(student, mx.random.key(seed))
    chosen = teacher_layers(config.num_hidden_layers, teacher.config.num_hidden_layers)
    own = merged_arrays(teacher)
    # Not by name alone: 4 layers of 6 are numbers 2, 3, 5 and 6 of the teacher.
    of_layers = f"{teacher.layer_path}."
    inherited = {
        name: value for name, value in own.items() if not name.startswith((of_layers, _POOLER))
    }
    words = f"{teacher.word_path}.weight"
    inherited[words] = own[words][mx.array(pieces)]
    for layer, source in enumerate(chosen):
        prefix = f"{teacher.layer_path}.{source - 1}."
        inherited |= {
            f"{teacher.layer_path}.{layer}.{name.removeprefix(prefix)}": value
            for name, value in own.items()
            if name.startswith(prefix)
        }
    shapes = named_arrays(student.parameters())
    # A lowest layer may lack what the teacher's upper layers have, such as a norm.
    fitting = [
        (name, value)
        for name, value in inherited.items()
        if name in shapes and value.shape == shapes[name].shape
    ]
    student.update(tree_unflatten(fitting))
    mx.eval(student.parameters())
    return student


class MaskedWordHead(nn.Module):
    """Logits of the vocabulary at masked places (Devlin et al. 2019), with the encoder's own words.

    Args:
        config: of the encoder.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = Linear(config.hidden_size, config.hidden_size)
        self.norm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.bias = mx.zeros((config.vocab_size,))

    def __call__(self, states: mx.array, words: mx.array) -> mx.array:
        """`[M, H]` states and `[V, H]` word embeddings to `[M, V]`."""
        return self.norm(gelu(self.dense(states))) @ words.T + self.bias


class Learner(nn.Module):
    """A student with what only its training needs: the masked word head, and maps to the teacher.

    Args:
        encoder: the student.
        teacher_size: of the teacher's states.
    """

    def __init__(self, encoder: Encoder, teacher_size: int) -> None:
        super().__init__()
        config = encoder.config
        self.encoder = encoder
        self.masked_words = MaskedWordHead(config)
        # A state of another size is compared through a linear map, as in TinyBERT (Jiao et al.
        # 2020).
        self.maps = (
            []
            if config.hidden_size == teacher_size
            else [Linear(config.hidden_size, teacher_size) for _ in range(config.num_hidden_layers)]
        )

    def compared(self, states: Sequence[mx.array]) -> list[mx.array]:
        """The layers' states `[B, L, H]` in the teacher's size."""
        if not self.maps:
            return list(states)
        return [map_(state) for map_, state in zip(self.maps, states, strict=True)]
