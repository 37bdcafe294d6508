"""Trained models whose weights are kept in 8 or 4 bits, and what that changes."""

from bertplay.quantized_models.changed_figures import ChangedFigures
from bertplay.quantized_models.writing import QuantizedModel, quantize

__all__ = ["ChangedFigures", "QuantizedModel", "quantize"]
