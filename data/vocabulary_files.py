"""Tokenizers from vocabularies in files of their own: vocab.txt, or vocab.json and merges.txt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bertplay.data.errors import InputError
from bertplay.data.source_file import read_utf8

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_CONTINUATION = "##"
_WORD_PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_MPNET = ("<pad>", "[UNK]", "<s>", "</s>", "<mask>")
_BYTE_PAIRS = ("<pad>", "<unk>", "<s>", "</s>", "<mask>")


def word_pieces_from(path: Path) -> Tokenizer:
    """BERT's tokenizer of a vocab.txt; MPNet's, whose special tokens have RoBERTa's names, as well.

    tokenizer_config.json beside it decides on lower case (the default), accents and Chinese
    characters.

    Raises:
        InputError: the file holds no such vocabulary.
    """
    lines = read_utf8(path).split("\n")
    if lines[-1] == "":
        lines.pop()
    vocabulary = {token.rstrip("\r"): number for number, token in enumerate(lines)}
    special = _MPNET if "<s>" in vocabulary and "[CLS]" not in vocabulary else _WORD_PIECES
    missing = [token for token in special[:4] if token not in vocabulary]
    if missing:
        raise InputError(f"{path} is not a BERT vocabulary: it has no token {missing[0]}")
    return word_piece_tokenizer(vocabulary, tokenizer_settings(path.parent), special)


def word_piece_tokenizer(
    vocabulary: dict[str, int],
    settings: dict[str, Any],
    special: tuple[str, ...] = _WORD_PIECES,
) -> Tokenizer:
    """BERT's pipeline around a WordPiece vocabulary.

    Args:
        vocabulary: token to number.
        settings: of tokenizer_config.json.
        special: padding, unknown, first, last and mask token; the last one may be missing.
    """
    from tokenizers import (
        AddedToken,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
    )

    _, unknown, first, last, _ = special
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=settings.get("tokenize_chinese_chars", True),
        strip_accents=settings.get("strip_accents"),
        lowercase=settings.get("do_lower_case", True),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    _enclose(tokenizer, first, last, vocabulary)
    tokenizer.decoder = decoders.WordPiece(prefix=_CONTINUATION)
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True) for token in special if token in vocabulary]
    )
    return tokenizer


def byte_pairs_from(folder: Path) -> Tokenizer:
    """RoBERTa's tokenizer of vocab.json and merges.txt: byte-level byte-pair encoding.

    tokenizer_config.json beside them decides whether a text begins as after a space.

    Raises:
        InputError: the files hold no such vocabulary.

    Reference:
        Radford et al., Language Models are Unsupervised Multitask Learners, 2019.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    path = folder / "vocab.json"
    try:
        vocabulary = {str(token): int(number) for token, number in _json(path).items()}
    except (TypeError, ValueError) as error:
        raise InputError(f"{path} is not a vocabulary, token to number: {error}") from error
    missing = [token for token in _BYTE_PAIRS[:4] if token not in vocabulary]
    if missing:
        raise InputError(f"{path} is not a RoBERTa vocabulary: it has no token {missing[0]}")
    merges = _merges(folder / "merges.txt")
    try:
        tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    except Exception as error:  # tokenizers raises a bare Exception
        raise InputError(f"{folder / 'merges.txt'} does not fit vocab.json: {error}") from error
    spaced = bool(tokenizer_settings(folder).get("add_prefix_space", False))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=spaced)
    tokenizer.decoder = decoders.ByteLevel()
    _, _, first, last, mask = _BYTE_PAIRS
    _enclose(tokenizer, first, last, vocabulary)
    tokenizer.add_special_tokens(
        [
            # The space before a masked word belongs to the mask.
            AddedToken(token, special=True, lstrip=token == mask, normalized=False)
            for token in _BYTE_PAIRS
            if token in vocabulary
        ]
    )
    return tokenizer


def _merges(path: Path) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(read_utf8(path).splitlines(), start=1):
        if line.startswith("#version") or not line.strip():
            continue
        parts = line.split(" ")
        if len(parts) != 2:
            raise InputError(f"{path}, line {number}: two pieces were expected, not {line!r}")
        pairs.append((parts[0], parts[1]))
    return pairs


def _enclose(tokenizer: Tokenizer, first: str, last: str, vocabulary: dict[str, int]) -> None:
    from tokenizers import processors

    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first}:0 $A:0 {last}:0",
        pair=f"{first}:0 $A:0 {last}:0 $B:1 {last}:1",
        special_tokens=[(token, vocabulary[token]) for token in (first, last)],
    )


def tokenizer_settings(folder: Path) -> dict[str, Any]:
    """What tokenizer_config.json of a folder says; nothing where there is none.

    Raises:
        InputError: the file holds no JSON object.
    """
    path = folder / "tokenizer_config.json"
    return _json(path) if path.is_file() else {}


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(read_utf8(path))
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{path} must hold a JSON object")
    return values
