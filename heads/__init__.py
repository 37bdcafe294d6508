"""Heads: from an encoder's hidden states to logits, loss and diagnostics."""

from bertplay.heads.classification import ClassificationHeadV2
from bertplay.heads.pooling import AttentionPooling, cls_pool, max_pool, mean_pool
from bertplay.heads.text_classifier import TextClassifier
from bertplay.heads.titanic import TitanicClassifierV2

__all__ = [
    "AttentionPooling",
    "ClassificationHeadV2",
    "TextClassifier",
    "TitanicClassifierV2",
    "cls_pool",
    "max_pool",
    "mean_pool",
]
