"""Words of a text and the word pieces that a model reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True)
class Word:
    """A word, or a punctuation mark, and its part in a prediction.

    Attributes:
        start: its first character's place in the text.
        end: the place after its last character.
        part: the sum of its pieces' parts.
    """

    start: int
    end: int
    part: float


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of one text, as a model reads them.

    Attributes:
        ids: L token ids, those in front of and behind the text included.
        words: L places in `spans`; None for the tokens that stand for no word.
        spans: each word's first character and the place after its last.
    """

    ids: list[int]
    words: list[int | None]
    spans: list[tuple[int, int]]

    def merged(self, parts: npt.NDArray[np.float64]) -> tuple[Word, ...]:
        """The words, in order, with the sum of the `[L]` parts of each one's pieces."""
        sums = np.zeros(len(self.spans))
        for word, part in zip(self.words, parts.tolist(), strict=True):
            if word is not None:
                sums[word] += part
        return tuple(
            Word(start, end, float(part))
            for (start, end), part in zip(self.spans, sums, strict=True)
        )


def pieces_of(tokenizer: Tokenizer, text: str, max_length: int) -> Pieces:
    """Cut a text into pieces, as `encode_texts` does, and note which word each is of.

    Args:
        tokenizer: of the model.
        text: may be empty.
        max_length: a longer text is cut before its last token, to this number of them.
    """
    encoding = tokenizer.encode(text)
    kept = list(range(len(encoding.ids)))
    if len(kept) > max_length:
        kept = kept[: max_length - 1] + kept[-1:]
    places: dict[int, int] = {}
    spans: list[tuple[int, int]] = []
    words: list[int | None] = []
    for token in kept:
        word = None if encoding.special_tokens_mask[token] else encoding.word_ids[token]
        if word is None:
            words.append(None)
            continue
        start, end = encoding.offsets[token]
        if word not in places:
            places[word] = len(spans)
            spans.append((start, end))
        place = places[word]
        spans[place] = min(spans[place][0], start), max(spans[place][1], end)
        words.append(place)
    return Pieces([encoding.ids[token] for token in kept], words, _trimmed(text, spans))


def _trimmed(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans without the blanks that some tokenizers count to a word."""
    trimmed = []
    for start, end in spans:
        inner = text[start:end]
        start += len(inner) - len(inner.lstrip())
        trimmed.append((start, max(start, start + len(inner.strip()))))
    return trimmed
