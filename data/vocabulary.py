"""A smaller vocabulary for a tokenizer: the pieces that texts need most."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bertplay.data.errors import InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_CONTINUATION = "##"
_TEXTS_AT_ONCE = 10_000


def prune_vocabulary(
    tokenizer: Tokenizer, texts: Sequence[str], size: int
) -> tuple[Tokenizer, NDArray[np.int32]]:
    """Keep the pieces that occur most often in texts; words lose no letters, only longer pieces.

    The special tokens and every single letter that occurs stay, so that a word whose piece is gone
    is spelled by shorter ones instead of becoming unknown.

    Args:
        tokenizer: a WordPiece tokenizer; of other ones the vocabulary stays whole.
        texts: what the pieces are counted in.
        size: the number of pieces to keep; with at least the tokenizer's it stays whole.

    Returns:
        The smaller tokenizer, and `[size]` the number that each of its pieces had before.

    Raises:
        InputError: the tokenizer is no WordPiece and larger than `size`, or `size` leaves no room
            for the letters.
    """
    state = json.loads(tokenizer.to_str())
    if state["model"]["type"] != "WordPiece":
        whole = tokenizer.get_vocab_size()
        if size < whole:
            raise InputError(
                f"the teacher's {whole:,} pieces are a {state['model']['type']} vocabulary, which "
                f"is kept whole: give --vocab {whole} or more"
            )
        return tokenizer, np.arange(whole, dtype=np.int32)
    old: dict[str, int] = state["model"]["vocab"]
    counts = _piece_counts(tokenizer, texts, len(old))
    letters = {piece for piece in old if len(piece.removeprefix(_CONTINUATION)) == 1}
    special = {token["content"] for token in state["added_tokens"]} & set(old)
    needed = sorted(special, key=lambda token: old[token])
    needed += sorted(letters & _letters_of(texts, tokenizer), key=lambda piece: old[piece])
    if size < len(needed):
        raise InputError(
            f"a vocabulary of {size} pieces has no room for the {len(needed)} special tokens and "
            f"letters of the corpus: take a larger one"
        )
    others = sorted(
        set(old) - set(needed), key=lambda piece: (-int(counts[old[piece]]), old[piece])
    )
    kept = sorted([*needed, *others[: size - len(needed)]], key=lambda piece: old[piece])
    return _with_pieces(state, kept), np.array([old[piece] for piece in kept], dtype=np.int32)


def _piece_counts(tokenizer: Tokenizer, texts: Sequence[str], size: int) -> NDArray[np.int64]:
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        for encoding in tokenizer.encode_batch_fast(list(texts[start : start + _TEXTS_AT_ONCE])):
            np.add.at(counts, encoding.ids, 1)
    return counts


def _letters_of(texts: Sequence[str], tokenizer: Tokenizer) -> set[str]:
    """Every letter of the normalised texts, to begin a word with and to continue one."""
    letters: set[str] = set()
    for text in texts:
        letters.update(tokenizer.normalizer.normalize_str(text))
    return letters | {_CONTINUATION + letter for letter in letters}


def _with_pieces(state: dict[str, object], kept: Sequence[str]) -> Tokenizer:
    """The tokenizer with these pieces, numbered from 0."""
    from tokenizers import Tokenizer

    number = {piece: place for place, piece in enumerate(kept)}
    model = dict(state["model"])  # type: ignore[call-overload]
    model["vocab"] = number
    added = [
        {**token, "id": number[token["content"]]}
        for token in state["added_tokens"]  # type: ignore[attr-defined]
        if token["content"] in number
    ]
    processor = json.loads(json.dumps(state["post_processor"]))
    for name, token in processor.get("special_tokens", {}).items():
        token["ids"] = [number[name]]
    for side in ("cls", "sep"):
        if isinstance(processor.get(side), list):
            processor[side] = [processor[side][0], number[processor[side][0]]]
    changed = {**state, "model": model, "added_tokens": added, "post_processor": processor}
    return Tokenizer.from_str(json.dumps(changed))
