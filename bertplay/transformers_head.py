"""The head of transformers' `BertForSequenceClassification`, as settings of `ClassificationHeadV2`.

`logits = classifier(dropout(tanh(pooler(h_[CLS]))))` (Devlin et al. 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import mlx.core as mx

    from bertplay.heads import ClassificationHeadV2

POOLING = "cls"
"""What such a head reads: the state of the first token."""

TENSORS = {"hidden.0.linear": "bert.pooler.dense", "output": "classifier"}
"""Linear maps of our head to those of transformers' model."""


def transformers_head_options(hidden_size: int) -> dict[str, Any]:
    """The options of a `ClassificationHeadV2` that computes what transformers' head does.

    Args:
        hidden_size: H, of the encoder; the hidden layer is as wide.
    """
    return {
        "pooling": POOLING,
        "hidden_dims": [hidden_size],
        "activation": "tanh",
        "norm": False,
    }


def start_from_pooler(head: ClassificationHeadV2, untrained: Mapping[str, mx.array]) -> None:
    """Give a head's hidden layer the weights of the checkpoint's pooler, as transformers does.

    Args:
        head: made with `transformers_head_options`; stays as it is where there is no pooler.
        untrained: tensors of the checkpoint that are no part of the trained encoder.
    """
    if "pooler.dense.weight" in untrained:
        layer = head.hidden[0].linear
        layer.weight, layer.bias = untrained["pooler.dense.weight"], untrained["pooler.dense.bias"]
