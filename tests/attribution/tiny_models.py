"""Untrained models of a tiny BERT, whose heads tell texts apart."""

from pathlib import Path

import mlx.core as mx

from bertplay.classifier import Classifier
from bertplay.encoders import load_encoder
from bertplay.heads import ClassificationHeadV2, MultiTaskHead, TextClassifier
from bertplay.multi_task.classifier import MultiTaskClassifier, task_head
from bertplay.multi_task.model import MultiTaskModel, task_weights_for
from bertplay.multi_task.task import LabelColumn, MultiTask
from bertplay.task import Task
from bertplay.text_rule import TextRule

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
_TEXT = TextRule("column", "text")


def classifier_of(classes: tuple[str, ...]) -> Classifier:
    """A classifier of one label column."""
    encoder, tokenizer = load_encoder(TINY)
    head = ClassificationHeadV2(32, len(classes), loss="ce", pooling="mean")
    head.output.weight = mx.random.normal(head.output.weight.shape, key=mx.random.key(1))
    model = TextClassifier(encoder, head)
    model.eval()
    return Classifier(model, tokenizer, Task("table", _TEXT, "label", classes), {}, 12)


def multi_task_classifier() -> MultiTaskClassifier:
    """A class, any number of classes, and a number."""
    encoder, tokenizer = load_encoder(TINY)
    columns = (
        LabelColumn("mood", "single_label", ("calm", "cross")),
        LabelColumn("topics", "multi_label", ("price", "delivery")),
        LabelColumn("urgency", "regression", mean=0.5, scale=2.0),
    )
    losses = {"mood": "ce", "topics": "bce", "urgency": "mse"}
    mx.random.seed(2)
    head = MultiTaskHead({c.name: task_head(32, c, losses[c.name], {}) for c in columns})
    for number, each in enumerate(head.heads.values()):
        shape = each.output.weight.shape
        each.output.weight = mx.random.normal(shape, key=mx.random.key(number))
    task = MultiTask("table", _TEXT, columns)
    weights = task_weights_for("fixed", task, dict.fromkeys(head.heads, 1.0))
    model = MultiTaskModel(encoder, head, weights)
    model.eval()
    return MultiTaskClassifier(model, tokenizer, task, {}, 12, "fixed")
