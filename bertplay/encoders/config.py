"""The shape of a BERT encoder, read from and written to Hugging Face's config.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from bertplay.data.errors import InputError

_REQUIRED = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
)


@dataclass(frozen=True)
class BertConfig:
    """Sizes and rates of a BERT encoder, by the names of Hugging Face's config.json.

    Raises:
        InputError: the sizes do not fit together.
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    layer_norm_eps: float = 1e-12
    initializer_range: float = 0.02
    pad_token_id: int = 0

    def __post_init__(self) -> None:
        """Refuse sizes that cannot make an encoder."""
        for name in (*_REQUIRED, "max_position_embeddings", "type_vocab_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise InputError(f"{name} is {value!r}: it must be a whole number of at least 1")
        if self.hidden_size % self.num_attention_heads:
            raise InputError(
                f"hidden_size {self.hidden_size} is not a multiple of num_attention_heads "
                f"{self.num_attention_heads}"
            )
        if self.hidden_act != "gelu":
            raise InputError(f"hidden_act is {self.hidden_act!r}: only 'gelu' is supported")

    def as_dict(self) -> dict[str, Any]:
        """The keys of config.json, so that transformers reads the model too."""
        return {"model_type": "bert", "architectures": ["BertModel"], **asdict(self)}


def read_config(folder: Path) -> BertConfig:
    """Read `folder/config.json`.

    Raises:
        InputError: the file is missing, is no JSON, lacks a size, or describes another model.
    """
    path = folder / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder} has no config.json: give the folder of a BERT model") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid JSON ({error})") from None
    if not isinstance(values, dict):
        raise InputError(f"{path} must hold a JSON object")
    model_type = values.get("model_type", "bert")
    if model_type != "bert":
        raise InputError(f"{path}: model_type is {model_type!r}; only 'bert' is supported")
    positions = values.get("position_embedding_type", "absolute")
    if positions != "absolute":
        raise InputError(
            f"{path}: position_embedding_type is {positions!r}; only 'absolute' is supported"
        )
    known = {f.name for f in fields(BertConfig)}
    missing = [name for name in _REQUIRED if name not in values]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}")
    # null means "the default" in files that older tools wrote.
    given = {k: v for k, v in values.items() if k in known and v is not None}
    try:
        return BertConfig(**given)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
