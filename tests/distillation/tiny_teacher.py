"""The teacher of the tests: a BERT with two layers of 32."""

from pathlib import Path

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
