"""Encoders whose linear maps are kept in 8 or 4 bits."""

from __future__ import annotations

from bertplay.adapters.linears import layer_linears
from bertplay.data.errors import InputError
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.quantized_linear import QuantizedLinear

_GROUP_SIZES = (64, 32)


def quantize_linears(encoder: Encoder, bits: int) -> None:
    """Keep the weights of the layers' linear maps in few bits, with a scale and an offset a group.

    Quantized weights are not trained, but gradients pass through them, so that adapters on them
    are (Dettmers et al. 2023). Embeddings, norms and biases stay as they are.

    Args:
        encoder: with plain linear maps.
        bits: 8 or 4.

    Raises:
        InputError: a map has inputs that cannot be grouped.
    """
    for owner, name in layer_linears(encoder):
        inputs = owner[name].weight.shape[1]
        sizes = [size for size in _GROUP_SIZES if inputs % size == 0]
        if not sizes:
            raise InputError(
                f"quantize needs linear maps whose inputs are a multiple of {_GROUP_SIZES[-1]}, "
                f"and this backbone's {name} has {inputs}: leave quantize out"
            )
        quantized = QuantizedLinear.from_linear(owner[name], group_size=sizes[0], bits=bits)
        # Anew, as the bias has come after the layer froze itself.
        quantized.freeze()
        setattr(owner, name, quantized)
