"""The tiny random encoders of tests/fixtures/encoders, and what transformers computes with them."""

from functools import cache
from pathlib import Path

import mlx.core as mx
import numpy as np

FOLDER = Path(__file__).parent.parent / "fixtures" / "encoders"
FAMILIES = ("roberta", "xlm_roberta", "distilbert", "modernbert", "deberta_v2", "mpnet")
LENGTHS = (32, 64, 72)
"""Of the longest rows; the last one is the most that they read."""


@cache
def expected(family: str, length: int) -> dict[str, mx.array]:
    """Of the batch whose longest row has so many tokens."""
    every = mx.load(str(FOLDER / family / "expected.safetensors"))
    prefix = f"{length}."
    return {name.removeprefix(prefix): a for name, a in every.items() if name.startswith(prefix)}


def largest_difference(got: mx.array, wanted: mx.array, mask: mx.array | None = None) -> float:
    """Over all places, or over those that the mask keeps."""
    difference = np.abs(np.array(got.astype(mx.float32)) - np.array(wanted))
    return float(difference.max() if mask is None else difference[np.array(mask) == 1].max())
