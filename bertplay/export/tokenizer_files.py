"""The tokenizer as transformers' `AutoTokenizer` reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bertplay.atomic_files import write_json
from bertplay.classifier import Classifier

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MASKS = ("[MASK]", "<mask>")
_UNKNOWN = ("[UNK]", "<unk>")  # which a unigram model knows by number, and byte pairs never need


def write_tokenizer(folder: Path, classifier: Classifier) -> None:
    """Write tokenizer.json, tokenizer_config.json and special_tokens_map.json.

    With `truncation=True`, transformers cuts longer texts as the classifier does.

    Args:
        folder: exists.
        classifier: whose tokenizer is written.
    """
    from tokenizers import Tokenizer

    # A copy, as the model's own stays without truncation.
    cutting = Tokenizer.from_str(classifier.tokenizer.to_str())
    cutting.enable_truncation(classifier.max_length)
    cutting.save(str(folder / "tokenizer.json"))
    encoder = classifier.encoder.config
    # Only BERT tells two texts of a pair apart; some of the other models refuse to be told.
    token_types = ["token_type_ids"] if encoder.model_type == "bert" else []
    special = special_tokens(classifier.tokenizer, encoder.pad_token_id)
    write_json(folder / "special_tokens_map.json", special)
    write_json(
        folder / "tokenizer_config.json",
        {
            # The class that takes tokenizer.json as it is; BertTokenizer builds its own pipeline.
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": classifier.max_length,
            "model_input_names": ["input_ids", *token_types, "attention_mask"],
            "padding_side": "right",
            "truncation_side": "right",
            "clean_up_tokenization_spaces": False,
            **special,
        },
    )


def special_tokens(tokenizer: Tokenizer, pad_id: int) -> dict[str, str]:
    """Role to token, of the roles that the tokenizer has a token for."""
    # Of no text at all, what stands before it and behind it is left.
    first, *_, last = tokenizer.encode("").tokens
    model: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    vocabulary = tokenizer.get_vocab()
    found = {
        "cls_token": first,
        "sep_token": last,
        "pad_token": tokenizer.id_to_token(pad_id),
        "unk_token": model.get("unk_token") or _first(_UNKNOWN, vocabulary),
        "mask_token": _first(_MASKS, vocabulary),
    }
    return {role: token for role, token in found.items() if token is not None}


def _first(tokens: tuple[str, ...], vocabulary: Mapping[str, int]) -> str | None:
    return next((token for token in tokens if token in vocabulary), None)
