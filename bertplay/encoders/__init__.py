"""BERT-family encoders in MLX."""

from bertplay.encoders.bert import BertEncoder, EncoderOutput
from bertplay.encoders.config import BertConfig
from bertplay.encoders.gelu import gelu
from bertplay.encoders.loading import load_encoder
from bertplay.encoders.scratch import encoder_from_scratch

__all__ = [
    "BertConfig",
    "BertEncoder",
    "EncoderOutput",
    "encoder_from_scratch",
    "gelu",
    "load_encoder",
]
