"""What the model itself says about the sample texts: what an export is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay.classifier import Classifier
from bertplay.data.tokenizer import encode_texts
from bertplay.export.sample_texts import SAMPLE_TEXTS
from bertplay.heads import ClassificationHeadV2
from bertplay.prediction import softmax


@dataclass(frozen=True, eq=False)
class Reference:
    """The sample texts as one padded batch, and what the model makes of it.

    Attributes:
        texts: N of them.
        input_ids: `[N, L]`.
        attention_mask: `[N, L]`.
        states: `[N, L, H]`, of the encoder.
        logits: `[N, C]`.
        probabilities: `[N, C]`, as the model predicts them.
        head: of the model.
    """

    texts: tuple[str, ...]
    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    states: NDArray[np.float32]
    logits: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    head: ClassificationHeadV2

    def logits_of(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the model's head makes of other states `[N, L, H]` of the same texts."""
        return _on_cpu(lambda: self.head(mx.array(states), mx.array(self.attention_mask)))


def reference(classifier: Classifier) -> Reference:
    """Ask a model about the sample texts.

    Args:
        classifier: in evaluation mode.
    """
    rows, _ = encode_texts(classifier.tokenizer, SAMPLE_TEXTS, classifier.max_length)
    lengths = [len(ids) for ids in rows]
    input_ids = np.full((len(rows), max(lengths)), classifier.encoder.config.pad_token_id)
    mask = np.zeros_like(input_ids)
    for row, ids in enumerate(rows):
        input_ids[row, : len(ids)], mask[row, : len(ids)] = ids, 1
    encoder, head = classifier.encoder, classifier.model.head
    states = _on_cpu(lambda: encoder(mx.array(input_ids), mx.array(mask)).last_hidden_state)
    logits = _on_cpu(lambda: head(mx.array(states), mx.array(mask)))
    return Reference(SAMPLE_TEXTS, input_ids, mask, states, logits, softmax(logits), head)


def _on_cpu(compute: Callable[[], mx.array]) -> NDArray[np.float32]:
    """An array computed in whole float32, which matrix products on some GPUs are not."""
    with mx.stream(mx.cpu):
        return np.array(compute().astype(mx.float32))
