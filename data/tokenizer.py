"""Tokenizers: load one, learn a WordPiece one from texts, and turn texts into token ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from bertplay.data.cells import is_missing, writable
from bertplay.data.errors import InputError
from bertplay.data.source_file import read_utf8
from bertplay.data.token_rows import TokenRows, joined
from bertplay.data.vocabulary_files import (
    byte_pairs_from,
    word_piece_tokenizer,
    word_pieces_from,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CONTINUATION = "##"
_MAX_ALPHABET = 1000
_TEXTS_AT_ONCE = 4096
# More characters than this for each token are read only where spaces or unknown words need it.
_CHARACTERS_A_TOKEN = 16
_UP_TO_A_SPACE = re.compile(r".*\S(?=[ \t\n])", re.DOTALL)


def load_tokenizer(folder: str | PathLike[str]) -> Tokenizer:
    """The tokenizer of a model folder: tokenizer.json, or else vocab.txt, or vocab.json.

    Truncation and padding that the file may ask for are switched off. For the
    others see `bertplay.data.vocabulary_files`.

    Raises:
        InputError: none of the files is there, or it cannot be read.
    """
    from tokenizers import Tokenizer

    whole = Path(folder) / "tokenizer.json"
    vocabulary = Path(folder) / "vocab.txt"
    if whole.is_file():
        try:
            tokenizer = Tokenizer.from_str(read_utf8(whole))
        except InputError:
            raise
        except Exception as error:  # tokenizers raises a bare Exception
            raise InputError(f"{whole} is not a tokenizer file: {error}") from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer
    if vocabulary.is_file():
        return word_pieces_from(vocabulary)
    if (Path(folder) / "vocab.json").is_file() and (Path(folder) / "merges.txt").is_file():
        return byte_pairs_from(Path(folder))
    raise InputError(
        f"{folder} has no tokenizer: tokenizer.json, vocab.txt, or vocab.json and merges.txt were "
        "expected"
    )


def require_tokens_fit(tokenizer: Tokenizer, vocab_size: int, folder: str | PathLike[str]) -> None:
    """Raise `InputError` where a token's number lies beyond the rows of the embeddings.

    Args:
        tokenizer: of a model folder.
        vocab_size: the number of rows, as config.json has it.
        folder: the model's, for the message.
    """
    largest = max(tokenizer.get_vocab().values(), default=-1)
    if largest >= vocab_size:
        raise InputError(
            f"{folder}: the tokenizer has {largest + 1} tokens, but vocab_size in config.json is "
            f"{vocab_size}: they belong to different models"
        )


def train_wordpiece(
    texts: Sequence[str], vocab_size: int = 8000, min_frequency: int = 2
) -> Tokenizer:
    """Learn a lower-case WordPiece vocabulary from texts; the same texts give the same one.

    Pairs of pieces are merged by frequency, as in byte-pair encoding (Sennrich et al. 2016), and
    words are cut greedily, longest piece first (Wu et al. 2016). [PAD] is token 0.

    Args:
        texts: the training texts.
        vocab_size: the largest number of tokens, the five special ones included; the characters
            of the texts are kept even beyond it.
        min_frequency: a pair seen less often is not merged.
    """
    from tokenizers import trainers

    empty = {token: number for number, token in enumerate(SPECIAL_TOKENS)}
    learner = word_piece_tokenizer(empty, {})
    first, continuing = _alphabet(learner, texts)
    # The trainer numbers characters in the order of a randomly seeded hash map, and breaks ties
    # between pairs by number. Passed as special tokens they get fixed numbers; the tokenizer
    # that is returned is rebuilt without these extra special tokens.
    fixed = [*SPECIAL_TOKENS, *first, *(_CONTINUATION + char for char in continuing)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(vocab_size, len(fixed)),
        min_frequency=min_frequency,
        special_tokens=fixed,
        # Every character that may be used is already a token; one more, seen rarely, is unknown.
        initial_alphabet=sorted({*first, *continuing}),
        limit_alphabet=len({*first, *continuing}),
        continuing_subword_prefix=_CONTINUATION,
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return word_piece_tokenizer(learner.get_vocab(), {})


def encode_texts(
    tokenizer: Tokenizer, texts: Sequence[str], max_length: int
) -> tuple[TokenRows, int]:
    """Token ids of texts, with [CLS] in front and [SEP] behind.

    The texts are read block by block, so that beside their ids, of which many lie in a file (see
    `bertplay.data.token_rows.joined`), memory does not grow with their number.

    Args:
        tokenizer: from `load_tokenizer` or `train_wordpiece`.
        texts: N texts; an empty one becomes [CLS] [SEP], half of a surrogate pair U+FFFD, and a
            missing one (None, NaN) is empty.
        max_length: a longer text is cut before its [SEP], to this number of tokens.

    Returns:
        The ids of N texts, and how many texts were cut.

    Raises:
        ValueError: `max_length` is below 2.
        InputError: it is one text and not a list, or a value is no text.
    """
    if isinstance(texts, str):
        # Its letters would be taken for texts.
        raise InputError("texts is a single text: give a list of texts")
    if max_length < 2:
        raise ValueError(f"max_length is {max_length}: it must leave room for [CLS] and [SEP]")
    cut = 0

    def blocks() -> Iterator[TokenRows]:
        nonlocal cut
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            batch = [
                _beginning(tokenizer, _text(text, row), max_length)
                for row, text in enumerate(texts[start : start + _TEXTS_AT_ONCE], start=start + 1)
            ]
            rows = [encoding.ids for encoding in tokenizer.encode_batch_fast(batch)]
            cut += sum(len(ids) > max_length for ids in rows)
            yield TokenRows.of(
                ids if len(ids) <= max_length else ids[: max_length - 1] + ids[-1:] for ids in rows
            )

    return joined(blocks()), cut


def _text(value: object, row: int) -> str:
    if isinstance(value, str):
        return writable(value)
    if is_missing(value):
        return ""
    raise InputError(f"texts, row {row}: a text was expected, not {value!r:.60}")


def _beginning(tokenizer: Tokenizer, text: str, max_length: int) -> str:
    """A beginning of a long text that has more than `max_length` tokens, the same as the text's.

    It ends with a word, before the first space behind it: no token reaches from a word across a
    space, so what follows changes nothing, while byte pairs may join a space with the next ones. A
    text without such a beginning is given whole.
    """
    size = _CHARACTERS_A_TOKEN * max_length
    while size < len(text):
        words = _UP_TO_A_SPACE.match(text, 0, size)
        if words and len(tokenizer.encode(words[0]).ids) > max_length:
            return words[0]
        size *= 4
    return text


def _alphabet(learner: Tokenizer, texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The frequent characters that begin words, and those that continue them, each sorted."""
    from collections import Counter

    words: Counter[str] = Counter()
    for text in texts:
        normalized = learner.normalizer.normalize_str(text)
        words.update(word for word, _ in learner.pre_tokenizer.pre_tokenize_str(normalized))
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for char in word:
            counts[char] += count
    frequent = set(sorted(counts, key=lambda char: (-counts[char], char))[:_MAX_ALPHABET])
    first = {word[0] for word in words} & frequent
    continuing = {char for word in words for char in word[1:]} & frequent
    return sorted(first), sorted(continuing)
