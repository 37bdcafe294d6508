"""What all encoders share: how a batch passes embeddings and layers, whole or in two halves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import mlx.core as mx
import mlx.nn as nn

from bertplay.encoders.attention import padding_bias
from bertplay.encoders.config import EncoderConfig
from bertplay.encoders.recomputation import recomputed


@dataclass(frozen=True)
class EncoderOutput:
    """What an encoder returns.

    Attributes:
        last_hidden_state: `[B, L, H]` token states after the last layer.
        pooled: `[B, H]` tanh of a linear map of the first token's state; None without a pooler.
    """

    last_hidden_state: mx.array
    pooled: mx.array | None


class Encoder(nn.Module):
    """An encoder: embeddings, and layers that each map `[B, L, H]` states to `[B, L, H]`.

    The modules of every family are named as in Hugging Face's checkpoints, so that a parameter's
    path here is its tensor's name there. A family says what its embeddings and layers are, and
    where its layers need more than the padding, `context`.

    Args:
        config: the sizes.

    Attributes:
        recompute: whether a layer's inner results are computed again in the backward pass instead
            of being kept, see `recomputed`.
        embeddings: called as `embeddings(input_ids, token_type_ids, attention_mask)`.
    """

    word_path: ClassVar[str] = "embeddings.word_embeddings"
    """Where the word embeddings are."""
    layer_path: ClassVar[str] = "encoder.layer"
    """Where the layers are."""
    linears: ClassVar[Mapping[str, str]]
    """The linear maps of a layer: the names that adapters are asked for by, to their paths."""

    embeddings: nn.Module

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.recompute = False

    def __call__(
        self,
        input_ids: mx.array,
        attention_mask: mx.array | None = None,
        token_type_ids: mx.array | None = None,
    ) -> EncoderOutput:
        """Encode a batch of token ids.

        Args:
            input_ids: `[B, L]` integers.
            attention_mask: `[B, L]`, true or 1 where there is a token, false or 0 at padding.
            token_type_ids: `[B, L]` integers; all 0 by default.

        Returns:
            The token states and, where there is a pooler, its vector. Rows that are padding
            throughout give finite values, which mean nothing.

        Raises:
            ValueError: L is greater than the encoder can read.
        """
        states = self.hidden_states(input_ids, attention_mask, token_type_ids)[-1]
        return EncoderOutput(states, self.pooler(states) if "pooler" in self else None)

    def first_states(self, input_ids: mx.array, attention_mask: mx.array | None = None) -> mx.array:
        """The state of each text's first token after the last layer, `[B, 1, H]`.

        The first token that the mask keeps, as in `cls_pool`. What a call gives for it, for less:
        a last layer that can (`takes_asking`) computes this token alone, which needs the keys and
        values of all, and nothing else of them.

        Args:
            input_ids: `[B, L]` integers.
            attention_mask: `[B, L]`; None keeps every token.

        Raises:
            ValueError: L is greater than the encoder can read.
        """
        states = self._embedded(input_ids, attention_mask, None)
        layers = self.layers
        last = layers[-1]
        if not getattr(last, "takes_asking", False):
            return first_of(
                self._through(states, attention_mask, 0, len(layers))[-1], attention_mask
            )
        below = self._through(states, attention_mask, 0, len(layers) - 1)[-1]
        context = self.context(attention_mask, input_ids.shape[1])
        return self.finished(last(below, context, first_of(below, attention_mask)))

    @property
    def layers(self) -> Sequence[nn.Module]:
        """From the bottom to the top."""
        found: Any = self
        for name in self.layer_path.split("."):
            found = found[name]
        layers: Sequence[nn.Module] = found
        return layers

    @property
    def words(self) -> nn.Embedding:
        """The word embeddings, `[V, H]`."""
        words: nn.Embedding = self.embeddings[self.word_path.rpartition(".")[2]]
        return words

    def parts(self) -> list[list[nn.Module]]:
        """The modules that are frozen together: of the embeddings, then of each layer.

        With the embeddings goes what all layers read, such as relative positions, and with the last
        layer what lies above it but the pooler.
        """
        return [[self.embeddings], *([layer] for layer in self.layers)]

    def context(self, attention_mask: mx.array | None, length: int) -> Any:
        """What every layer reads besides the states: a tree of arrays, or None.

        Args:
            attention_mask: `[B, L]`.
            length: L.
        """
        return padding_bias(attention_mask)

    def finished(self, states: mx.array) -> mx.array:
        """The last layer's states as the encoder returns them, `[B, L, H]`."""
        return states

    def hidden_states(
        self,
        input_ids: mx.array,
        attention_mask: mx.array | None = None,
        token_type_ids: mx.array | None = None,
    ) -> list[mx.array]:
        """The token states `[B, L, H]` after the embeddings and after each layer.

        Arguments and errors are those of a call.
        """
        embedded = self._embedded(input_ids, attention_mask, token_type_ids)
        return self._through(embedded, attention_mask, 0, len(self.layers))

    def below(self, input_ids: mx.array, attention_mask: mx.array | None, layers: int) -> mx.array:
        """The token states `[B, L, H]` after the embeddings and the bottom layers.

        Args:
            input_ids: `[B, L]` integers.
            attention_mask: `[B, L]`.
            layers: how many; the embeddings alone with 0.

        Raises:
            ValueError: L is greater than the encoder can read.
        """
        embedded = self._embedded(input_ids, attention_mask, None)
        return self._through(embedded, attention_mask, 0, layers)[-1]

    def above(self, states: mx.array, attention_mask: mx.array | None, layers: int) -> mx.array:
        """The token states after the last layer, of what `below` gives for as many layers.

        Args:
            states: `[B, L, H]`; at padding anything finite.
            attention_mask: `[B, L]`.
            layers: how many are below.
        """
        return self._through(states, attention_mask, layers, len(self.layers))[-1]

    def _embedded(
        self,
        input_ids: mx.array,
        attention_mask: mx.array | None,
        token_type_ids: mx.array | None,
    ) -> mx.array:
        limit = self.config.max_length
        if input_ids.ndim != 2 or input_ids.shape[1] > limit:
            raise ValueError(
                f"input_ids has shape {input_ids.shape}: expected [batch, length] with a length "
                f"of at most {limit}"
            )
        embedded: mx.array = self.embeddings(input_ids, token_type_ids, attention_mask)
        return embedded

    def _through(
        self, states: mx.array, attention_mask: mx.array | None, first: int, end: int
    ) -> list[mx.array]:
        """The states, and after each layer those that it makes of them."""
        context = self.context(attention_mask, states.shape[1])
        every = [states]
        for layer in self.layers[first:end]:
            run = partial(recomputed, layer) if self.recompute and self.training else layer
            every.append(run(every[-1], context))
        if first < end == len(self.layers):
            every[-1] = self.finished(every[-1])
        return every


def first_of(states: mx.array, attention_mask: mx.array | None) -> mx.array:
    """Of `[B, L, H]` states those of the first tokens that the mask keeps, `[B, 1, H]`."""
    if attention_mask is None:
        return states[:, :1]
    first = mx.argmax(attention_mask.astype(mx.bool_), axis=1)
    return mx.take_along_axis(states, first[:, None, None], axis=1)
