"""Encoders whose linear maps, and word embeddings where asked, are kept in 8 or 4 bits."""

from __future__ import annotations

import mlx.nn as nn

from bertplay.data.errors import InputError
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.layer_linears import layer_linears
from bertplay.encoders.quantization import GROUP_SIZES, Quantization
from bertplay.encoders.quantized_linear import QuantizedLinear, dequantized

_PREFERRED = (64, 32)


def quantize_linears(encoder: Encoder, quantization: Quantization) -> None:
    """Keep the weights of the layers' linear maps in few bits, with a scale and an offset a group.

    Quantized weights are not trained, but gradients pass through them, so that adapters on them
    are (Dettmers et al. 2023). Embeddings, norms and biases stay as they are.

    Args:
        encoder: with plain linear maps.
        quantization: with a group size that divides every map's inputs, see `fitting`.
    """
    for owner, name in layer_linears(encoder):
        quantized = QuantizedLinear.from_linear(
            owner[name], group_size=quantization.group_size, bits=quantization.bits
        )
        # Anew, as the bias has come after the layer froze itself.
        quantized.freeze()
        setattr(owner, name, quantized)


def quantize_encoder(encoder: Encoder, quantization: Quantization) -> None:
    """Keep the linear maps and the word embeddings in few bits, for prediction.

    Positions and token types, norms and biases stay as they are: they are few.

    Args:
        encoder: with plain weights.
        quantization: with a group size that divides every map's inputs, see `fitting`.
    """
    quantize_linears(encoder, quantization)
    _set_words(
        encoder,
        nn.QuantizedEmbedding.from_embedding(
            encoder.words, group_size=quantization.group_size, bits=quantization.bits
        ),
    )


def dequantize_words(encoder: Encoder) -> None:
    """Give the word embeddings their full precision, as training takes the used ones of them."""
    words = nn.Embedding(1, 1)
    words.weight = dequantized(encoder.words)
    _set_words(encoder, words)


def quantized_bits(encoder: Encoder) -> int:
    """The bits of an encoder's linear maps, also of those under adapters; 0 in full precision."""
    bits = [m.bits for m in encoder.modules() if isinstance(m, QuantizedLinear)]
    return bits[0] if bits else 0


def fitting(encoder: Encoder, bits: int, group_size: int | None = None) -> Quantization:
    """The quantization of an encoder.

    Args:
        encoder: with plain weights.
        bits: 8 or 4.
        group_size: 32, 64 or 128; None for 64, or 32 where an input is no multiple of 64.

    Raises:
        InputError: bits or group_size is another number, or inputs of a map make no such groups.
    """
    inputs = {name: owner[name].weight.shape[1] for owner, name in layer_linears(encoder)}
    fit = [size for size in GROUP_SIZES if all(n % size == 0 for n in inputs.values())]
    if group_size is None:
        group_size = next((size for size in _PREFERRED if size in fit), _PREFERRED[-1])
    chosen = Quantization(bits, group_size)
    if chosen.group_size not in fit:
        name = next(name for name, number in inputs.items() if number % group_size)
        advice = f"choose {' or '.join(map(str, fit))}" if fit else "it cannot be quantized"
        raise InputError(
            f"quantization in groups of {group_size} needs linear maps whose inputs are a multiple "
            f"of {group_size}, and this encoder's {name} has {inputs[name]}: {advice}"
        )
    return chosen


def _set_words(encoder: Encoder, words: nn.Module) -> None:
    setattr(encoder.embeddings, encoder.word_path.rpartition(".")[2], words)
