"""A model as transformers reads it: config.json, model.safetensors and the tokenizer's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from bertplay.adapters.merging import merged_arrays
from bertplay.atomic_files import write_json
from bertplay.classifier import Classifier
from bertplay.encoders.checkpoint import WEIGHTS_FILE
from bertplay.export.head_file import HEAD_ENTRY, write_head
from bertplay.export.head_settings import head_settings
from bertplay.export.tokenizer_files import write_tokenizer
from bertplay.model_folder import head_tensors
from bertplay.transformers_head import TENSORS


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
    config = classifier.encoder.config.as_dict() | labels(classifier)
    if settings.is_transformers_head(classifier.encoder.config):
        config["architectures"] = ["BertForSequenceClassification"]
        config["classifier_dropout"] = classifier.head_options["dropout"]
        tensors = _with_classifier(tensors, head_tensors(classifier.model.head))
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


def _with_classifier(
    encoder: dict[str, mx.array], head: dict[str, mx.array]
) -> dict[str, mx.array]:
    """All tensors by their names in transformers' model; the head's layer is its pooler."""
    tensors = {f"bert.{name}": tensor for name, tensor in encoder.items()}
    for ours, theirs in TENSORS.items():
        for kind in ("weight", "bias"):
            tensors[f"{theirs}.{kind}"] = head[f"{ours}.{kind}"]
    return tensors
