"""Runs of tiny BERT whose heads have weights that show in every digit."""

from pathlib import Path

import mlx.core as mx

from bertplay.classifier import Classifier, save
from bertplay.encoders import load_encoder
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.named_arrays import named_arrays
from bertplay.task import Task
from bertplay.text_rule import TextRule
from bertplay.transformers_head import transformers_head_options

FIXTURES = Path(__file__).parent.parent / "fixtures"
TINY = FIXTURES / "tiny_bert"
FAMILY_FOLDER = FIXTURES / "encoders"
FAMILIES = ("roberta", "xlm_roberta", "distilbert", "modernbert", "deberta_v2", "mpnet")
CLASSES = ("first class", "second | class", "third")
TRANSFORMERS = transformers_head_options(32)

HEADS = {
    "mean": {"pooling": "mean"},
    "cls without norm": {"pooling": "cls", "norm": False},
    "max, a narrow layer": {"pooling": "max", "hidden_dims": [8], "activation": "gelu"},
    "attention, residual": {
        "pooling": "attention",
        "hidden_dims": [32, 8],
        "activation": "silu",
        "residual": True,
    },
    "relu without norm": {
        "pooling": "mean",
        "hidden_dims": [16],
        "activation": "relu",
        "norm": False,
    },
    "transformers": TRANSFORMERS,
}
"""Every setting of a head that changes what it computes, at least once."""


def tiny_classifier(head_options: dict, *, pooler: bool = False, max_length: int = 12):
    """A classifier of tiny BERT with random weights in the head."""
    return classifier_of(TINY, head_options, pooler=pooler, max_length=max_length)


def classifier_of(folder: Path, head_options: dict, *, pooler: bool = False, max_length: int = 12):
    """A classifier with random weights in the head, the same for the same options.

    Args:
        folder: of an encoder with states of 32 numbers.
        head_options: of the head; {"transformers": model_type} for that of transformers.
        pooler: keep the encoder's.
        max_length: longer texts are cut.
    """
    encoder, tokenizer = load_encoder(folder)
    if not pooler and "pooler" in encoder:
        encoder.pop("pooler")
    if "transformers" in head_options:
        head_options = transformers_head_options(32, head_options["transformers"])
    options = {**head_options, "dropout": 0.2}
    head = ClassificationHeadV2(32, 3, loss="ce", **options)
    head.load_weights(_drawn(head))
    model = TextClassifier(encoder, head)
    model.eval()
    task = Task("table", TextRule("column", "text"), "label", CLASSES)
    return Classifier(model, tokenizer, task, options, max_length)


def tiny_run(folder: Path, head_options: dict, **settings) -> Path:
    """A run directory with such a model, and nothing else."""
    save(tiny_classifier(head_options, **settings), folder / "model")
    return folder


def _drawn(head) -> list[tuple[str, mx.array]]:
    own = sorted((n, a) for n, a in named_arrays(head.parameters()).items() if "loss" not in n)
    keys = mx.random.split(mx.random.key(3), len(own))
    return [
        (name, array + 0.5 * mx.random.normal(array.shape, key=key))
        for (name, array), key in zip(own, keys, strict=True)
    ]
