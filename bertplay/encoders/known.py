"""Encoders on the Hugging Face Hub that bertplay reads, with their sizes as published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownEncoder:
    """An encoder that `--backbone` downloads by its name.

    Attributes:
        name: of the repo.
        parameters: millions, as published, embeddings among them.
        hidden_size: H, the size of a token's state.
        layers: how many.
        source: where that is published.
    """

    name: str
    parameters: float
    hidden_size: int
    layers: int
    source: str


KNOWN_ENCODERS = (
    KnownEncoder(
        "sentence-transformers/all-MiniLM-L6-v2", 22.7, 384, 6, "its model card; Wang et al. 2020"
    ),
    KnownEncoder(
        "sentence-transformers/all-MiniLM-L12-v2", 33, 384, 12, "Wang et al., MiniLM, 2020"
    ),
    KnownEncoder("distilbert/distilbert-base-uncased", 66, 768, 6, "Sanh et al., DistilBERT, 2019"),
    KnownEncoder("distilbert/distilroberta-base", 82, 768, 6, "its model card"),
    KnownEncoder("google-bert/bert-base-uncased", 110, 768, 12, "Devlin et al., BERT, 2019"),
    KnownEncoder(
        "sentence-transformers/all-mpnet-base-v2", 110, 768, 12, "Song et al., MPNet, 2020"
    ),
    KnownEncoder("FacebookAI/roberta-base", 125, 768, 12, "Liu et al., RoBERTa, 2019"),
    KnownEncoder("answerdotai/ModernBERT-base", 149, 768, 22, "Warner et al., ModernBERT, 2024"),
    KnownEncoder(
        "FacebookAI/xlm-roberta-base", 270, 768, 12, "Conneau et al., XLM-R, 2020; 100 languages"
    ),
)
"""From small to large."""
