"""Train only the word embeddings that occur in the texts.

A word piece that is in none of the texts gets no gradient, so its row can stay out of the
optimizer: less time, less memory. The one difference to training all rows is that weight decay
does not shrink words nobody has seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay.data.token_rows import TokenRows, joined


@dataclass(frozen=True, eq=False)
class UsedVocabulary:
    """The V' of V vocabulary rows that texts use, renumbered 0 .. V'-1 in ascending order.

    Attributes:
        token_ids: `[V']` the rows' numbers in the whole vocabulary, ascending.
        all_rows: `[V, H]` the embeddings before training.
    """

    token_ids: NDArray[np.int32]
    all_rows: mx.array

    def renumber(self, texts: TokenRows) -> TokenRows:
        """Token ids of the whole vocabulary to numbers of the used one.

        Raises:
            ValueError: a token is not in the used vocabulary.
        """
        number = np.full(self.all_rows.shape[0], -1, dtype=np.int32)
        number[self.token_ids] = np.arange(len(self.token_ids), dtype=np.int32)

        def renumbered(block: TokenRows) -> TokenRows:
            values = number[block.values]
            if (values < 0).any():
                raise ValueError("a text has a token that is not in the used vocabulary")
            return TokenRows(values, block.offsets)

        return joined(map(renumbered, texts.blocks()))

    def used_rows(self) -> mx.array:
        """`[V', H]` the embeddings to train."""
        return self.all_rows[mx.array(self.token_ids)]

    def restore(self, trained_rows: mx.array) -> mx.array:
        """`[V, H]`: the trained rows in their places, the others as they were."""
        rows = mx.array(self.all_rows)
        rows[mx.array(self.token_ids)] = trained_rows
        return rows


def used_vocabulary(all_rows: mx.array, *texts: TokenRows, pad_id: int) -> UsedVocabulary:
    """The vocabulary of one or more sets of texts, padding included."""
    used = np.zeros(all_rows.shape[0], dtype=np.bool_)
    used[pad_id] = True
    for group in texts:
        for block in group.blocks():
            used[block.values] = True
    return UsedVocabulary(np.flatnonzero(used).astype(np.int32), all_rows)
