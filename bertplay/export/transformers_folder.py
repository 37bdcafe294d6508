"""A model as transformers reads it: config.json, model.safetensors and the tokenizer's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from bertplay.adapters.merging import merged_arrays
from bertplay.atomic_files import write_json
from bertplay.classifier import Classifier
from bertplay.encoders.checkpoint import WEIGHTS_FILE
from bertplay.encoders.config import EncoderConfig
from bertplay.export.head_file import HEAD_ENTRY, write_head
from bertplay.export.head_settings import HeadSettings, head_settings
from bertplay.export.tokenizer_files import write_tokenizer
from bertplay.model_folder import head_tensors
from bertplay.transformers_head import HEADS, tensor_names


def write_transformers_folder(folder: Path, classifier: Classifier) -> None:
    """Write a classifier for `AutoTokenizer` and `AutoModelForSequenceClassification`.

    With a head that transformers has no class for, the encoder alone is written, for `AutoModel`,
    and the head into a file of its own. Adapters are merged, quantized weights written in full
    precision.

    Args:
        folder: exists, and is empty.
        classifier: what to write.
    """
    settings = head_settings(classifier.model.head)
    tensors = merged_arrays(classifier.encoder)
    encoder = classifier.encoder.config
    config = encoder.as_dict() | labels(classifier)
    if settings.is_transformers_head(encoder):
        config |= config_of_head(settings, encoder, classifier.head_options["dropout"])
        tensors = _with_classifier(tensors, head_tensors(classifier.model.head), encoder)
    else:
        config[HEAD_ENTRY] = settings.as_dict()
        write_head(folder, classifier.model.head)
    write_json(folder / "config.json", config)
    floats = {name: tensor.astype(mx.float32) for name, tensor in tensors.items()}
    # "pt" is what transformers asks a file of its own to say; the tensors are the same.
    mx.save_safetensors(str(folder / WEIGHTS_FILE), floats, {"format": "pt"})
    write_tokenizer(folder, classifier)


def labels(classifier: Classifier) -> dict[str, Any]:
    """What config.json says of the classes."""
    return {
        "id2label": {str(number): name for number, name in enumerate(classifier.classes)},
        "label2id": {name: number for number, name in enumerate(classifier.classes)},
        "problem_type": "single_label_classification",
        "dtype": "float32",
    }


def config_of_head(
    settings: HeadSettings, encoder: EncoderConfig, dropout: float
) -> dict[str, Any]:
    """What config.json says of a head that transformers has a class for.

    Args:
        settings: of the head.
        encoder: of the encoder.
        dropout: before the last linear map.
    """
    head = HEADS[encoder.model_type]
    said = {
        head.dropout_key: dropout,
        head.pooling_key: settings.pooling,
        head.activation_key: settings.activation,
        head.bias_key: True,
    }
    known = {key: value for key, value in said.items() if key is not None}
    return {"architectures": [head.architecture], **known}


def _with_classifier(
    arrays: dict[str, mx.array], own: dict[str, mx.array], encoder: EncoderConfig
) -> dict[str, mx.array]:
    """All tensors by their names in transformers' model.

    Its encoder has no pooler beside the head; of BERT, the pooler is the head's hidden layer.
    """
    head = HEADS[encoder.model_type]
    tensors = {
        encoder.prefix + name: array
        for name, array in arrays.items()
        if not name.startswith("pooler.")
    }
    for ours, theirs in tensor_names(head).items():
        for kind in ("weight", "bias"):
            tensors[f"{theirs}.{kind}"] = own[f"{ours}.{kind}"]
    if head.norm is not None and not encoder.as_dict().get("norm_bias"):
        # Where norms have no bias, the last map takes it: W (n + b) + c = W n + (W b + c).
        shift = tensors[f"{head.output}.weight"] @ tensors.pop(f"{head.norm}.bias")
        tensors[f"{head.output}.bias"] = tensors[f"{head.output}.bias"] + shift
    return tensors
