"""Heads: from an encoder's hidden states to outputs, loss and diagnostics."""

from bertplay.heads.classification import ClassificationHeadV2
from bertplay.heads.multi_label import MultiLabelHead
from bertplay.heads.multi_task import MultiTaskHead
from bertplay.heads.pooling import AttentionPooling, cls_pool, max_pool, mean_pool
from bertplay.heads.regression import RegressionHead
from bertplay.heads.text_classifier import TextClassifier
from bertplay.heads.text_head import TextHead
from bertplay.heads.titanic import TitanicClassifierV2

__all__ = [
    "AttentionPooling",
    "ClassificationHeadV2",
    "MultiLabelHead",
    "MultiTaskHead",
    "RegressionHead",
    "TextClassifier",
    "TextHead",
    "TitanicClassifierV2",
    "cls_pool",
    "max_pool",
    "mean_pool",
]
