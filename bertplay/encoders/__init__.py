"""Encoders of the BERT family in MLX."""

from bertplay.encoders.bert import BertEncoder
from bertplay.encoders.config import BertConfig, EncoderConfig
from bertplay.encoders.encoder import Encoder, EncoderOutput
from bertplay.encoders.gelu import gelu
from bertplay.encoders.loading import load_encoder
from bertplay.encoders.scratch import encoder_from_scratch

__all__ = [
    "BertConfig",
    "BertEncoder",
    "Encoder",
    "EncoderConfig",
    "EncoderOutput",
    "encoder_from_scratch",
    "gelu",
    "load_encoder",
]
