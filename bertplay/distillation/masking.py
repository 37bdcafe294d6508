"""Which tokens of a batch are masked, drawn on the host so that shapes stay fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MaskedBatch:
    """A batch in which words are to be guessed.

    Attributes:
        input_ids: `[B, L]` with the mask token at the chosen places.
        places: `[M]` positions in the flattened batch.
        labels: `[M]` the pieces that stood there.
        weights: `[M]` 1, or 0 where a text has fewer words than places.
    """

    input_ids: NDArray[np.int32]
    places: NDArray[np.int32]
    labels: NDArray[np.int32]
    weights: NDArray[np.float32]


def mask_words(
    input_ids: NDArray[np.int32],
    lengths: NDArray[np.int64],
    *,
    fraction: float,
    mask_id: int,
    rng: np.random.Generator,
) -> MaskedBatch:
    """Mask a part of the tokens of every other text; the others stay whole.

    As in BERT (Devlin et al. 2019), but always by the mask token. [CLS] and [SEP], the first and
    the last token, are never masked.

    Args:
        input_ids: `[B, L]`.
        lengths: `[B]` tokens of each text, without padding.
        fraction: of a text's tokens, at least one where it has a word.
        mask_id: the mask token.
        rng: draws the places.
    """
    rows, length = input_ids.shape
    masked = np.arange(0, rows, 2)
    each = max(1, round(fraction * length))
    # Random numbers sort the words of each row; special tokens and padding sort behind them.
    order = rng.random((len(masked), length))
    columns = np.arange(length)
    last = lengths[masked, None] - 1
    order[(columns == 0) | (columns >= last)] = 2.0
    chosen = np.argsort(order, axis=1)[:, :each]
    wanted = np.maximum(1, np.round(fraction * lengths[masked]))[:, None]
    counts = np.minimum(wanted, np.maximum(last - 1, 0))
    weights = (np.arange(each) < counts).astype(np.float32)
    places = (masked[:, None] * length + chosen).astype(np.int32)
    flat = input_ids.reshape(-1).copy()
    labels = flat[places.reshape(-1)].copy()
    flat[places[weights > 0]] = mask_id
    return MaskedBatch(flat.reshape(rows, length), places.reshape(-1), labels, weights.reshape(-1))
