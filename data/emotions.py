"""The built-in emotion table: invented English sentences with labels of eight kinds.

Columns: text; emotion (11 classes); valence, arousal and dominance in [0, 1]; safety ("safe", or
"care" where somebody should look after the person); style; intent; and split. docs/emotions-data.md
says how it was made and what it is not for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bertplay.data.table import read_table

if TYPE_CHECKING:
    import pandas as pd

EMOTIONS_FILE = Path(__file__).with_name("emotions.csv")
"""The built-in table."""

SPLITS = ("train", "validation", "test")
"""Its fixed parts: two imbalanced as real data is, and one with as many rows of every class."""


def read_emotions() -> pd.DataFrame:
    """The built-in table, all columns as text."""
    return read_table(EMOTIONS_FILE)
