"""The heads of transformers' `*ForSequenceClassification`, as settings of a `TextHead`.

All are `logits = output(norm(activation(hidden(x))))` with x the state of the first token or the
mean of all (Devlin et al. 2019 and those after); where they differ is a row of `HEADS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bertplay.data.errors import InputError
from bertplay.data.wording import listed

if TYPE_CHECKING:
    import mlx.core as mx

    from bertplay.heads.text_head import TextHead

POOLINGS = ("cls", "mean")
"""What such a head may read: the first token's state, unless config.json says the mean of all."""

_ACTIVATIONS = {"gelu": "gelu", "relu": "relu", "silu": "silu", "swish": "silu", "tanh": "tanh"}
_NORM_EPS = 1e-5  # of the norms in our heads


@dataclass(frozen=True)
class TransformersHead:
    """The head of one family.

    Attributes:
        architecture: the class of transformers.
        hidden: the linear map that is as wide as the encoder, by its name in a checkpoint.
        output: the linear map that makes the logits.
        activation: between them.
        norm: the layer norm before the last map; None where there is none.
        activation_key: of config.json, which names another activation.
        pooling_key: of config.json, which says "cls" or "mean".
        bias_key: of config.json, which says whether `hidden` has a bias; None where it always has.
        dropout_key: of config.json, the dropout before the last map.
    """

    architecture: str
    hidden: str
    output: str
    activation: str = "tanh"
    norm: str | None = None
    activation_key: str | None = None
    pooling_key: str | None = None
    bias_key: str | None = None
    dropout_key: str | None = "classifier_dropout"


def _of_roberta(
    architecture: str, dropout_key: str | None = "classifier_dropout"
) -> TransformersHead:
    hidden, output = "classifier.dense", "classifier.out_proj"
    return TransformersHead(architecture, hidden, output, dropout_key=dropout_key)


HEADS: Mapping[str, TransformersHead] = {
    "bert": TransformersHead("BertForSequenceClassification", "bert.pooler.dense", "classifier"),
    "roberta": _of_roberta("RobertaForSequenceClassification"),
    "xlm-roberta": _of_roberta("XLMRobertaForSequenceClassification"),
    # It has the encoder's dropout.
    "mpnet": _of_roberta("MPNetForSequenceClassification", dropout_key=None),
    "distilbert": TransformersHead(
        "DistilBertForSequenceClassification",
        "pre_classifier",
        "classifier",
        activation="relu",
        dropout_key="seq_classif_dropout",
    ),
    "modernbert": TransformersHead(
        "ModernBertForSequenceClassification",
        "head.dense",
        "classifier",
        activation="gelu",
        norm="head.norm",
        activation_key="classifier_activation",
        pooling_key="classifier_pooling",
        bias_key="classifier_bias",
    ),
    "deberta-v2": TransformersHead(
        "DebertaV2ForSequenceClassification",
        "pooler.dense",
        "classifier",
        activation="gelu",
        activation_key="pooler_hidden_act",
        dropout_key="cls_dropout",
    ),
}
"""By model_type."""


def transformers_head_options(
    hidden_size: int, model_type: str = "bert", config: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The options of a `TextHead` that computes what transformers' head of a family does.

    Args:
        hidden_size: H, of the encoder; the hidden layer is as wide.
        model_type: the encoder's family.
        config: of the checkpoint, which may name another activation or pooling.

    Raises:
        InputError: config names an activation or a pooling that is not supported.
    """
    head, config = HEADS[model_type], config or {}
    pooling = _named(config, head.pooling_key, POOLINGS[0], POOLINGS)
    activation = _named(config, head.activation_key, head.activation, tuple(_ACTIVATIONS))
    if head.norm is not None and config.get("norm_eps", _NORM_EPS) != _NORM_EPS:
        raise InputError(
            f"norm_eps is {config['norm_eps']!r}: in a classification head only {_NORM_EPS} is "
            "supported"
        )
    return {
        "pooling": pooling,
        "hidden_dims": [hidden_size],
        "activation": _ACTIVATIONS[activation],
        "norm": False if head.norm is None else "last",
    }


def _named(config: Mapping[str, Any], key: str | None, default: str, known: tuple[str, ...]) -> str:
    """What config.json says under a key that may be missing or null."""
    value = (config.get(key) if key else None) or default
    if value not in known:
        raise InputError(f"{key} is {value!r}: only {listed(known)} are supported")
    return str(value)


def tensor_names(head: TransformersHead) -> dict[str, str]:
    """Parts of our head to those of transformers' model."""
    names = {"hidden.0.linear": head.hidden, "output": head.output}
    return names if head.norm is None else names | {"norm": head.norm}


def start_from_pooler(head: TextHead, untrained: Mapping[str, mx.array]) -> None:
    """Give a head's hidden layer the weights of the checkpoint's pooler, as transformers does.

    Args:
        head: BERT's, made with `transformers_head_options`; stays as it is where there is no
            pooler.
        untrained: tensors of the checkpoint that are no part of the trained encoder.
    """
    if "pooler.dense.weight" in untrained:
        layer = head.hidden[0].linear
        layer.weight, layer.bias = untrained["pooler.dense.weight"], untrained["pooler.dense.bias"]
